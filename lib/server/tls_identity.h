#pragma once

#include "base/files.h"

namespace dlpx {

// Writes ca.pem, server-cert.pem, server-key.pem, client-cert.pem, client-key.pem and ca-key.pem, as mysqld
// makes them itself when it finds none, but with P-256 keys: milliseconds instead of the half second (and
// sometimes two) that its RSA keys take at a first start. What is there is replaced. Throws Error{internal}
// when OpenSSL refuses, Error{storage} for the files.
void writeTlsIdentity(const fs::path& dataDirectory, Owner owner);

}  // namespace dlpx
