#include "support/shop.h"

#include <map>
#include <regex>
#include <sstream>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "support/paths.h"

namespace dlpx::test {
namespace {

// The statements of a script for the mysql client: comments and DELIMITER are its only commands.
std::vector<std::string> statementsOf(const std::string& script) {
  std::vector<std::string> statements;
  std::string delimiter = ";";
  std::string statement;
  std::istringstream lines(script);
  for (std::string line; std::getline(lines, line);) {
    if (startsWith(line, "--")) continue;
    if (startsWith(line, "DELIMITER ")) {
      delimiter = trim(line.substr(10));
      continue;
    }
    statement += line + "\n";
    if (endsWith(trim(statement), delimiter)) {
      const std::string text = trim(statement);
      statements.push_back(text.substr(0, text.size() - delimiter.size()));
      statement.clear();
    }
  }
  return statements;
}

std::string withSize(std::string script, const ShopSize& size) {
  const std::vector<std::pair<std::string, unsigned>> numbers{{"50000", size.customers},
                                                              {"1000", size.products},
                                                              {"100000", size.orders},
                                                              {"249999", size.items - 1}};
  // In two steps: a new number may be another's old one.
  for (size_t i = 0; i < numbers.size(); ++i)
    script =
        std::regex_replace(script, std::regex("\\b" + numbers[i].first + "\\b"), "@size" + std::to_string(i));
  for (size_t i = 0; i < numbers.size(); ++i)
    script = replaceAll(script, "@size" + std::to_string(i), std::to_string(numbers[i].second));
  return script;
}

}  // namespace

void createShop(Session& server, const ShopSize& size) {
  const fs::path script = fs::path(sourceDir()) / "scripts" / "shop.sql";
  for (const std::string& statement : statementsOf(withSize(readFile(script), size)))
    server.execute(std::string_view(statement));
}

WriteLoad::WriteLoad(ConnectionOptions server, unsigned clients, Milliseconds pause) {
  Session session = Session::connect(server);
  session.execute("CREATE TABLE IF NOT EXISTS shop.tally (id INT PRIMARY KEY, n BIGINT NOT NULL)");
  session.execute(
      "CREATE TABLE IF NOT EXISTS shop.entries (n BIGINT PRIMARY KEY, written TIMESTAMP(6) NOT NULL, filler "
      "VARCHAR(200))");
  session.execute("INSERT IGNORE INTO shop.tally VALUES (1, 0)");
  for (unsigned client = 0; client < clients; ++client)
    clients_.emplace_back([this, server, client, pause] { write(server, client, pause); });
}

void WriteLoad::timed(Session& session, const std::string& statement) {
  const auto begin = std::chrono::steady_clock::now();
  session.execute(std::string_view(statement));
  const auto took =
      std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin).count();
  int64_t before = longest_;
  while (took > before && !longest_.compare_exchange_weak(before, took)) {
  }
}

// Clients of real shops meet deadlocks and try again; no other error is expected.
void WriteLoad::transaction(Session& session, unsigned customer) {
  constexpr unsigned deadlock = 1213;
  try {
    timed(session, "START TRANSACTION");
    timed(session, "UPDATE shop.tally SET n = n + 1 WHERE id = 1");
    timed(
        session,
        "INSERT INTO shop.entries SELECT n, NOW(6), REPEAT('x', 1 + n MOD 200) FROM shop.tally WHERE id = 1");
    timed(session, "COMMIT");
    if (customer != 0) timed(session, sql("CALL shop.place_order(?, 3)", customer));
  } catch (const SqlError& e) {
    if (e.number() != deadlock) throw;
    session.execute("ROLLBACK");
  }
}

void WriteLoad::write(const ConnectionOptions& server, unsigned client, Milliseconds pause) {
  try {
    Session session = Session::connect(server);
    for (unsigned round = 0; !stop_; ++round) {
      transaction(session, round % 3 == client % 3 ? 1 + round % 100 : 0);
      ++transactions_;
      std::this_thread::sleep_for(pause);  // the load's own pace; nothing waits for it
    }
  } catch (const std::exception& e) {
    const std::lock_guard hold(mutex_);
    problem_ = e.what();
  }
}

WriteLoad::~WriteLoad() {
  end();
}

void WriteLoad::end() {
  stop_ = true;
  for (std::thread& client : clients_) client.join();
  clients_.clear();
}

void WriteLoad::stop() {
  end();
  if (!problem_.empty()) throw Error(ExitCode::internal, "write load: " + problem_);
}

std::string tallyProblem(Session& copy) {
  const uint64_t counted = copy.number("SELECT n FROM shop.tally WHERE id = 1");
  const uint64_t rows = copy.number("SELECT COUNT(*) FROM shop.entries");
  const uint64_t last = copy.number("SELECT MAX(n) FROM shop.entries");
  if (counted == rows && counted == last) return "";
  return "tally " + std::to_string(counted) + ", entries " + std::to_string(rows) + ", last entry " +
         std::to_string(last);
}

}  // namespace dlpx::test
