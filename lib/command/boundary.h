#pragma once

#include <string>

#include "command/app.h"

namespace dlpx {

// The process's edge to the outside: what it sets for itself, and how it prints.

// Signals, umask 027, no core dumps (memory holds passwords), descriptors 0 to 2 open.
void prepareProcess();

// To stdout. A reader that has gone is no failure; Error{storage} or Error{noSpace} otherwise.
void printText(const std::string& text);
void printResult(const Output& output, bool json);
// To the file of DLPX_OUTPUT_FILE, whole or not at all; nothing where that is not set.
void writeResultFile(const Output& output);

// To stderr: for people "<app>: error: <problem>", remedy and log, or one JSON line.
void printError(const std::string& app, const Error& error, const Output* report, bool json,
                const std::string& logFile);
std::string errorText(const std::string& app, const Error& error);
Json errorJson(const Error& error, const Output* report, const std::string& logFile);

// What a signal caused is told as an interrupt, whichever step noticed it (a child that ended by the same
// Ctrl-C, for instance).
Error afterInterrupt(const Error& error);

}  // namespace dlpx
