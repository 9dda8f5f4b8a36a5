#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "mysql/session.h"

namespace dlpx {

// A statement and where it stood in its file.
struct LoadStatement {
  std::string text;
  uint64_t line = 0;
};

// Connections that load rows while the script goes on. Each has, when it runs a statement, the session state
// that the script had at that statement: remember() notes what made it. One thread hands out the work; errors
// of the connections are thrown from its next call.
class LoadPool {
 public:
  // `fail` makes the error that is thrown for a statement which the server refused.
  using Failure = std::function<Error(const LoadStatement&, const SqlError&)>;
  LoadPool(const ConnectionOptions& target, unsigned connections, const std::vector<std::string>& preamble,
           Failure fail);
  // Statements that still run are killed.
  ~LoadPool();
  LoadPool(const LoadPool&) = delete;
  LoadPool& operator=(const LoadPool&) = delete;

  // A SET or USE that later statements need. Statements handed out before do not see it.
  void remember(const std::string& statement);
  // Rows of a table. Of one that is not `spread` they go, in order, through one connection. Waits while more
  // than a few tens of MB are on their way.
  void load(const std::string& table, LoadStatement rows, bool spread);
  // To run once all rows of the table that were handed out are there.
  void afterRows(const std::string& table, LoadStatement statement);

  void waitForRows(const std::string& table);
  void waitForAllRows();
  // For rows and for what follows them.
  void waitForAll();

 private:
  struct Worker;
  struct Task {
    LoadStatement statement;
    std::string table;
    size_t states = 0;  // of the script that the statement needs
    bool rows = true;
    const Worker* only = nullptr;
  };
  struct Table {
    size_t outstanding = 0;
    std::optional<LoadStatement> after;
  };
  struct Worker {
    std::optional<Session> session;
    uint64_t connection = 0;
    std::thread thread;
  };

  void work(Worker& worker);
  std::optional<Task> take(Worker& worker);
  void run(Worker& worker, const Task& task, size_t& known);
  void done(const Task& task);
  void begin();
  void release(const std::string& name, Table& table);
  template <typename Condition>
  void wait(Condition condition);
  size_t rowsOutstanding() const;

  ConnectionOptions target_;
  Failure fail_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> states_;
  size_t headStates_ = 0;  // those that were there before the first rows
  bool begun_ = false;
  // In the script's order, and each connection takes from the front: its state only ever goes forward. What
  // follows a table's rows stands first and needs no more than the head's state.
  std::deque<Task> queue_;
  std::map<std::string, Table> tables_;
  size_t bytes_ = 0;
  size_t outstanding_ = 0;
  size_t rows_ = 0;
  bool stop_ = false;
  std::exception_ptr error_;
  std::deque<Worker> workers_;
};

}  // namespace dlpx
