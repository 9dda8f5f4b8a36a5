#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "mysql/session.h"

namespace dlpx::test {

// How many rows createShop() makes: the default is done in about a second; {50000, 1000, 100000, 250000} is
// the demo's shop of 100 MB. `items` is at most 10 times `orders`.
struct ShopSize {
  unsigned customers = 1000;
  unsigned products = 100;
  unsigned orders = 3000;
  unsigned items = 7000;
};

// The database `shop` of scripts/shop.sql: customers, products, orders, items, audit; foreign keys, views on
// views, a trigger, a procedure, a function, an event.
void createShop(Session& server, const ShopSize& size = {});

// What real schemas also hold: every column type, names that need quoting, generated and invisible columns,
// partitions, keys across databases, views that call functions of other databases, that need each other out
// of order, whose definer is gone, or that are invalid, sources in other character sets and SQL modes, an
// event in a named time zone. Returns its databases, sorted. For 8.0.23 and newer.
std::vector<std::string> createOddSchema(Session& server);
// The view of the odd schema that is invalid at the source.
inline const std::string invalidView = "odd.v_invalid";

// Differences of definitions and rows between two servers: tables (SHOW CREATE, CHECKSUM), views, triggers,
// routines, events. One line each; empty when all is the same.
std::vector<std::string> differences(Session& a, Session& b, const std::vector<std::string>& databases);

// Clients that write to `shop` until stopped. Each transaction counts up shop.tally and inserts the number
// into shop.entries, so that a copy which is not of one moment, or replication that starts a transaction too
// early or too late, shows. Every third also places an order.
class WriteLoad {
 public:
  explicit WriteLoad(ConnectionOptions server, unsigned clients = 2, Milliseconds pause = Milliseconds(5));
  ~WriteLoad();
  WriteLoad(const WriteLoad&) = delete;
  WriteLoad& operator=(const WriteLoad&) = delete;

  // Waits for the running transactions; the first error of a client is thrown.
  void stop();
  uint64_t transactions() const { return transactions_; }
  // The longest that one statement took, so far.
  Milliseconds longestStatement() const { return Milliseconds(longest_); }

 private:
  void end();
  void write(const ConnectionOptions& server, unsigned client, Milliseconds pause);
  void transaction(Session& session, unsigned customer);
  void timed(Session& session, const std::string& statement);

  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> transactions_{0};
  std::atomic<int64_t> longest_{0};
  std::mutex mutex_;
  std::string problem_;
  std::vector<std::thread> clients_;
};

// "" when shop.tally and shop.entries of a copy are of one moment, else what is wrong.
std::string tallyProblem(Session& copy);

}  // namespace dlpx::test
