#include "mysql/session_words.h"
#include "support/catch.h"

using namespace dlpx;

namespace {
bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
}  // namespace

TEST_CASE("an excerpt of a statement ends before a password") {
  CHECK(excerpt("SELECT 1") == "SELECT 1");
  CHECK(excerpt("ALTER USER 'u'@'%' IDENTIFIED BY 'hush'") == "ALTER USER 'u'@'%' …");
  CHECK(excerpt("SELECT\n" + std::string(200, 'x')) == "SELECT " + std::string(113, 'x') + " …");
  CHECK(excerpt(std::string(119, 'x') + "\xc3\xa9y") == std::string(119, 'x') + " …");
}

TEST_CASE("a server that quotes a statement does not tell its password") {
  const std::string statement = "CREATE USER 'u' IDENTIFED BY x PASSWORD 'it''s \\\\ hush' COMMENT";
  CHECK(withoutSecrets("You have an error in your SQL syntax; check near 'it''s hush' at line 1",
                       statement) == "You have an error in your SQL syntax; check");
  CHECK(withoutSecrets("bad value it's \\ hush", statement) == "bad value <redacted>");
  CHECK(withoutSecrets("no table near 'x'", "SELECT x") == "no table near 'x'");
}

TEST_CASE("the remedy of a failed connection fits the reason") {
  ConnectionOptions options;
  options.endpoint = {"db1", 3307, {}};
  options.user = "app";
  CHECK(holds(connectRemedy(1045, options), "'app'"));
  CHECK(holds(connectRemedy(2003, options), "db1:3307"));
  CHECK(holds(connectRemedy(2005, options), "'db1'"));
  CHECK(holds(connectRemedy(2026, options), "TLS"));
  options.ssl = SslMode::verifyCa;
  options.sslCa = "/etc/ca.pem";
  CHECK(holds(connectRemedy(2026, options), "/etc/ca.pem"));
  CHECK_FALSE(holds(connectRemedy(2026, options), "names this host"));
  options.ssl = SslMode::verifyIdentity;
  CHECK(holds(connectRemedy(2026, options), "names this host"));
}

TEST_CASE("SSL modes are read in either spelling") {
  CHECK(parseSslMode("VERIFY_CA") == SslMode::verifyCa);
  CHECK(parseSslMode("verify-identity") == SslMode::verifyIdentity);
  CHECK_FALSE(parseSslMode("on").has_value());
  for (const auto mode : {SslMode::disabled, SslMode::preferred, SslMode::required, SslMode::verifyCa})
    CHECK(parseSslMode(text(mode)) == mode);
}

TEST_CASE("an endpoint is told as it is written in a URL") {
  CHECK(Endpoint{"db1", 3307, {}}.text() == "db1:3307");
  CHECK(Endpoint{"::1", 3306, {}}.text() == "[::1]:3306");
  CHECK(Endpoint{"db1", 3306, "/run/my.sock"}.text() == "/run/my.sock");
}
