// Statements that take long: with a deadline, with rows as they arrive, with rows that we send.
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <exception>
#include <future>

#include "base/interrupt.h"
#include "base/log.h"
#include "mysql/client_library.h"
#include "mysql/session_words.h"

namespace dlpx {

namespace {

// Ends the statement of a connection from outside; when that fails, the connection.
void killFromOutside(const ConnectionOptions& options, uint64_t id, bool wholeConnection) {
  ConnectionOptions second = options;
  second.database.clear();
  second.connectTimeout = std::min(second.connectTimeout, Milliseconds(5'000));
  second.readTimeout = Milliseconds(5'000);
  Session killer = Session::connect(second);
  if (wholeConnection) {
    killer.kill(id);
  } else {
    killer.killQuery(id);
  }
}

// Kills again and again until the statement has ended: a kill can come before its statement has begun.
void endStatement(std::future<void>& statement, const ConnectionOptions& options, uint64_t id, int socket) {
  constexpr int patience = 5;
  for (int round = 0; round < patience; ++round) {
    try {
      killFromOutside(options, id, round >= 2);
    } catch (const std::exception& error) {
      log::warning(fmt::format("cannot kill connection {}: {}", id, error.what()));
      break;
    }
    if (statement.wait_for(Milliseconds(1'000)) == std::future_status::ready) return;
  }
  ::shutdown(socket, SHUT_RDWR);
  statement.wait();
}

}  // namespace

void Session::executeWithin(std::string_view statement, const Deadline& deadline) {
  auto running = std::async(std::launch::async, [&] {
    struct ThreadEnd {
      ~ThreadEnd() { mysql_thread_end(); }
    } const threadEnd;
    execute(statement);
  });
  while (running.wait_for(std::min(deadline.remaining(), Milliseconds(20))) != std::future_status::ready) {
    if (!deadline.expired() && !interrupted()) continue;
    const bool late = deadline.expired();
    {
      const InterruptShield shield;
      endStatement(running, impl_->options, connectionId(), static_cast<int>(impl_->mysql()->net.fd));
    }
    try {
      running.get();
      return;  // it was done just then
    } catch (const SqlError& error) {
      const bool killed = error.number() == 1317 || error.number() == 3024 || error.connectionLost();
      if (!killed) throw;
    }
    throw Error(late ? ExitCode::timeout : ExitCode::interrupted,
                fmt::format("{} on {}: {}", late ? "a statement took too long" : "interrupted",
                            impl_->options.endpoint.text(), excerpt(statement)),
                late ? "Look with SHOW PROCESSLIST what it waits for, then repeat the command." : "");
  }
  running.get();
}

void Session::streamRows(std::string_view statement, const std::function<void(RowValues)>& row) {
  impl_->send(statement);
  MysqlResult result(mysql_use_result(impl_->mysql()));
  if (!result) throw impl_->error(statement);
  std::vector<std::optional<std::string_view>> values(mysql_num_fields(result.get()));
  try {
    while (MYSQL_ROW fetched = mysql_fetch_row(result.get())) {
      const unsigned long* const lengths = mysql_fetch_lengths(result.get());
      for (size_t i = 0; i < values.size(); ++i) {
        values[i].reset();
        if (fetched[i] != nullptr) values[i].emplace(fetched[i], lengths[i]);
      }
      row(values);
    }
  } catch (...) {
    // Rather end the statement than read the rest of a large table.
    try {
      killFromOutside(impl_->options, connectionId(), false);
    } catch (const std::exception& error) {
      log::debug(fmt::format("cannot kill an abandoned statement: {}", error.what()));
    }
    result.reset();
    while (mysql_next_result(impl_->mysql()) == 0) MysqlResult(mysql_store_result(impl_->mysql()));
    throw;
  }
  if (mysql_errno(impl_->mysql()) != 0) throw impl_->error(statement);
  impl_->remember();
  result.reset();
  impl_->finish(statement);
}

namespace {

// What the library's callbacks share: the caller's function and what it threw.
struct Feed {
  const std::function<size_t(std::span<char>)>* read;
  std::exception_ptr thrown;
};

int beginFeed(void** out, const char*, void* feed) {
  *out = feed;
  return 0;
}
int readFeed(void* data, char* buffer, unsigned size) {
  auto* const feed = static_cast<Feed*>(data);
  try {
    return static_cast<int>((*feed->read)(std::span<char>(buffer, size)));
  } catch (...) {
    feed->thrown = std::current_exception();
    return -1;
  }
}
void endFeed(void*) {}
int sayFeedFailed(void*, char* message, unsigned size) {
  if (size > 0) *fmt::format_to_n(message, size - 1, "the rows could not be read").out = '\0';
  return 2000;
}

}  // namespace

uint64_t Session::loadLocal(std::string_view statement, const std::function<size_t(std::span<char>)>& read) {
  Feed feed{&read, nullptr};
  mysql_set_local_infile_handler(impl_->mysql(), beginFeed, readFeed, endFeed, sayFeedFailed, &feed);
  try {
    execute(statement);
  } catch (...) {
    refuseFiles(impl_->mysql());
    if (feed.thrown) std::rethrow_exception(feed.thrown);
    throw;
  }
  refuseFiles(impl_->mysql());
  if (feed.thrown) std::rethrow_exception(feed.thrown);
  return affectedRows();
}

}  // namespace dlpx
