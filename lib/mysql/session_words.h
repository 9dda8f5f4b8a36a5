#pragma once

#include <string>
#include <string_view>

#include "mysql/session.h"

namespace dlpx {

// What Session tells of errors; apart so that it can be tested without a server.

// The beginning of a statement for a message: one line, at most 120 characters, cut before a password.
std::string excerpt(std::string_view statement);

// The server's message without anything that the statement says after IDENTIFIED or PASSWORD. The server
// quotes the text near a syntax error.
std::string withoutSecrets(std::string message, std::string_view statement);

std::string connectRemedy(unsigned number, const ConnectionOptions& options);
std::string statementRemedy(unsigned number);

}  // namespace dlpx
