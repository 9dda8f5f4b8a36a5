#include "base/text.h"
#include "server/tls_identity.h"
#include "staging_support.h"
#include "support/catch.h"

using namespace dlpx;
using namespace dlpx::test;

namespace {

void openssl(const std::vector<std::string>& arguments) {
  Command command;
  command.argv = {"openssl"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  const Finished finished = run(command);
  INFO(finished.err);
  REQUIRE(finished.ok());
}

// Gives the source a certificate for `host`, signed by an authority of the test's own, whose file it returns.
fs::path certifySource(StagingBed& bed, const std::string& host) {
  const fs::path ca = bed.file("authority.pem"), caKey = bed.file("authority-key.pem");
  const fs::path request = bed.file("request.pem"), names = bed.file("names");
  const fs::path key = bed.source.dataDir() / "server-key.pem",
                 cert = bed.source.dataDir() / "server-cert.pem";
  openssl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Test authority",
           "-keyout", caKey, "-out", ca});
  openssl({"req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + host, "-keyout", key, "-out", request});
  writeFile(names, "subjectAltName=IP:" + host + "\n");
  openssl({"x509", "-req", "-in", request, "-CA", ca, "-CAkey", caKey, "-set_serial", "7", "-days", "2",
           "-extfile", names, "-out", cert});
  fs::copy_file(ca, bed.source.dataDir() / "ca.pem", fs::copy_options::overwrite_existing);
  for (const char* name : {"server-key.pem", "server-cert.pem", "ca.pem"})
    if (const auto owner = serverOwner()) setOwner(bed.source.dataDir() / name, *owner);
  fs::permissions(ca, fs::perms(0644));
  bed.source.restart();
  return ca;
}

// An authority that signed nothing of the source's.
fs::path otherAuthority(const StagingBed& bed) {
  const fs::path place = bed.file("other");
  makeDirectory(place, {0755, std::nullopt});
  writeTlsIdentity(place, ownerOf(place));
  fs::permissions(place / "ca.pem", fs::perms(0644));
  return place / "ca.pem";
}

std::vector<std::string> tls(const std::string& mode, const fs::path& ca) {
  return {"--source-ssl-mode", mode, "--source-ssl-ca", ca};
}

std::string dumpConnections(const StagingBed& bed) {
  return bed.source.root()
      .value(
          "SELECT GROUP_CONCAT(DISTINCT connection_type) FROM performance_schema.threads "
          "WHERE processlist_command LIKE 'Binlog Dump%'")
      .value_or("none");
}

std::string words(const Json& error) {
  return error["message"].get<std::string>() + " | " + error["remedy"].get<std::string>();
}

}  // namespace

TEST_CASE("staging replicates over TLS that verifies the authority of the source's certificate") {
  StagingBed bed;
  const fs::path ca = certifySource(bed, "127.0.0.1");
  const std::string method = GENERATE(std::string("clone"), std::string("copy"));
  auto flags = tls("verify_ca", ca);
  flags.insert(flags.end(), {"--method", method});
  const Json built = bed.expect(0, "init", flags);
  CHECK(built["replication"]["state"] == "running");
  CHECK(dumpConnections(bed) == "SSL/TLS");
  CHECK(bed.staging().value(
            "SELECT ssl_ca_file FROM performance_schema.replication_connection_configuration") ==
        ca.string());
  bed.source.root().execute("CREATE DATABASE seen_over_tls");
  bed.catchUp();
  CHECK(bed.staging().number(
            "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'seen_over_tls'") == 1);
}

TEST_CASE(
    "staging replicates over TLS that verifies the source's name, and refuses a certificate without it") {
  StagingBed bed;
  const fs::path wrong = certifySource(bed, "192.0.2.1");
  auto flags = tls("verify_identity", wrong);
  flags.insert(flags.end(), {"--method", "copy"});
  const std::string refused = words(bed.expect(20, "init", flags));
  CHECK_THAT(refused, Catch::Contains("names this host"));
  CHECK_FALSE(fs::exists(bed.mount()));
  CHECK_THAT(words(bed.expect(20, "init", {"--source-ssl-mode", "verify_identity"})),
             Catch::Contains("only against a file") && Catch::Contains("--source-ssl-ca"));

  flags[3] = certifySource(bed, "127.0.0.1");
  bed.expect(0, "init", flags);
  CHECK(dumpConnections(bed) == "SSL/TLS");
  CHECK(bed.staging().value("SELECT ssl_verify_server_certificate FROM "
                            "performance_schema.replication_connection_configuration") == "YES");
}

TEST_CASE("a wrong certificate authority is refused before anything is made, with what to do") {
  StagingBed bed;
  const fs::path wrong = otherAuthority(bed);
  const std::string mode = GENERATE(std::string("verify_ca"), std::string("verify_identity"));
  const std::string refused = words(bed.expect(20, "init", tls(mode, wrong)));
  CHECK_THAT(refused, Catch::Contains("certificate") && Catch::Contains(wrong.string()));
  CHECK_THAT(words(bed.expect(20, "init", tls(mode, bed.file("missing.pem")))),
             Catch::Contains("missing.pem") && Catch::Contains("--source-ssl-ca"));
  // The caller may read it, mysqld, whose replication needs it, may not.
  CHECK_FALSE(fs::exists(bed.mount()));
  if (!serverOwner()) return;  // one account only
  const fs::path closed = bed.file("closed");
  makeDirectory(closed, {0700, std::nullopt});
  fs::copy_file(bed.source.dataDir() / "ca.pem", closed / "ca.pem");
  CHECK_THAT(words(bed.expect(20, "init", tls(mode, closed / "ca.pem"))),
             Catch::Contains("mysqld") && Catch::Contains("chmod o+x " + closed.string()));
}

TEST_CASE("a source whose certificate comes from another authority stops replication with a clear error") {
  StagingBed bed;
  const fs::path ca = certifySource(bed, "127.0.0.1");
  auto flags = tls("verify_ca", ca);
  flags.insert(flags.end(), {"--method", "copy"});
  bed.expect(0, "init", flags);
  bed.expect(0, "stop");
  const std::string right = readFile(ca);
  writeFile(ca, readFile(otherAuthority(bed)));
  const Json broken = bed.expect(22, "start");
  CHECK_THAT(words(broken), Catch::Contains("certificate") && Catch::Contains("--source-ssl-ca"));
  CHECK(bed.expect(0, "status")["replication"]["state"] == "broken");
  writeFile(ca, right);
  CHECK(bed.expect(0, "replication start")["state"] == "running");
}
