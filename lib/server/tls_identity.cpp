#include "server/tls_identity.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "base/error.h"

namespace dlpx {
namespace {

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509_free>>;
using Buffer = std::unique_ptr<BIO, Release<BIO_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>>;

constexpr long tenYears = 3650L * 24 * 60 * 60;

void check(bool worked, const char* what) {
  if (worked) return;
  char reason[256] = "";
  ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
  throw Error(ExitCode::internal, std::string("OpenSSL cannot ") + what + ": " + reason,
              "look at the host's OpenSSL configuration");
}

Key newKey() {
  Key key(EVP_EC_gen("P-256"));
  check(key != nullptr, "make a key");
  return key;
}

// As mysqld: no two certificates of one issuer may share a serial number.
void setSerial(X509* certificate) {
  uint64_t serial = 0;
  check(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "make a serial number");
  check(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1, "set a serial number");
}

void markAsIssuer(X509* certificate) {
  const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE"));
  check(extension && X509_add_ext(certificate, extension.get(), -1) == 1,
        "mark a certificate as an issuer's");
}

// Signed by `issuer`, or by itself when that is null.
Certificate newCertificate(const char* name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuerKey) {
  Certificate certificate(X509_new());
  check(certificate != nullptr, "make a certificate");
  X509* const it = certificate.get();
  check(X509_set_version(it, 2) == 1, "set a certificate's version");
  setSerial(it);
  check(X509_gmtime_adj(X509_getm_notBefore(it), -60) && X509_gmtime_adj(X509_getm_notAfter(it), tenYears),
        "set a certificate's time");
  check(X509_set_pubkey(it, key) == 1, "set a certificate's key");
  check(X509_NAME_add_entry_by_txt(X509_get_subject_name(it), "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(name), -1, -1, 0) == 1,
        "name a certificate");
  check(X509_set_issuer_name(it, X509_get_subject_name(issuer != nullptr ? issuer : it)) == 1,
        "set a certificate's issuer");
  if (issuer == nullptr) markAsIssuer(it);
  check(X509_sign(it, issuer != nullptr ? issuerKey : key, EVP_sha256()) > 0, "sign a certificate");
  return certificate;
}

template <typename Write>
std::string pem(const Write& write) {
  const Buffer buffer(BIO_new(BIO_s_mem()));
  check(buffer && write(buffer.get()) == 1, "write PEM");
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(buffer.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

class Writer {
 public:
  Writer(const fs::path& directory, Owner owner) : directory_(directory), owner_(owner) {}

  void write(const std::string& name, EVP_PKEY* key, X509* certificate) const {
    put(name + "-key.pem", 0600, pem([&](BIO* bio) {
          return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
        }));
    put(name == "ca" ? "ca.pem" : name + "-cert.pem", 0644,
        pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); }));
  }

 private:
  // Not synced one by one: a file that a power failure takes is made anew as the mount's workflow is
  // repeated.
  void put(const std::string& name, mode_t mode, const std::string& content) const {
    const fs::path file = directory_ / name;
    fs::remove(file);
    const UniqueFd fd = openFile(file, O_WRONLY | O_CREAT | O_EXCL, mode);
    writeAll(fd.get(), content, file.string());
    setOwner(file, owner_);
  }

  fs::path directory_;
  Owner owner_;
};

}  // namespace

void writeTlsIdentity(const fs::path& dataDirectory, Owner owner) {
  const Writer writer(dataDirectory, owner);
  const Key issuerKey = newKey();
  const Certificate issuer = newCertificate("dlpx-mysql CA", issuerKey.get(), nullptr, nullptr);
  for (const std::string name : {"server", "client"}) {
    const Key key = newKey();
    const std::string subject = "dlpx-mysql " + name;
    writer.write(name, key.get(),
                 newCertificate(subject.c_str(), key.get(), issuer.get(), issuerKey.get()).get());
  }
  writer.write("ca", issuerKey.get(), issuer.get());
}

}  // namespace dlpx
