#include "backup/load_pool.h"

#include <algorithm>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"

namespace dlpx {
namespace {

constexpr size_t mostBytes = 32 * 1024 * 1024;
constexpr unsigned deadlock = 1213;
constexpr unsigned lockWaitTimeout = 1205;

bool isTransient(const SqlError& error) {
  return error.number() == deadlock || error.number() == lockWaitTimeout;
}

}  // namespace

LoadPool::LoadPool(const ConnectionOptions& target, unsigned connections,
                   const std::vector<std::string>& preamble, Failure fail)
    : target_(target), fail_(std::move(fail)) {
  for (unsigned i = 0; i < connections; ++i) {
    Worker& worker = workers_.emplace_back();
    worker.session = Session::connect(target, ExitCode::restore);
    worker.session->failWith(ExitCode::restore);
    for (const std::string& statement : preamble) worker.session->execute(std::string_view(statement));
    worker.connection = worker.session->connectionId();
  }
  for (Worker& worker : workers_) worker.thread = std::thread([this, &worker] { work(worker); });
}

LoadPool::~LoadPool() {
  bool busy = false;
  {
    const std::lock_guard hold(mutex_);
    stop_ = true;
    busy = outstanding_ > 0;
  }
  changed_.notify_all();
  if (busy) {
    try {
      Session killer = Session::connect(target_, ExitCode::restore);
      for (const Worker& worker : workers_) killer.kill(worker.connection);
    } catch (const std::exception& e) {
      log::warning(std::string("statements of the restore could not be ended: ") + e.what());
    }
  }
  for (Worker& worker : workers_)
    if (worker.thread.joinable()) worker.thread.join();
}

void LoadPool::remember(const std::string& statement) {
  const std::lock_guard hold(mutex_);
  states_.push_back(statement);
}

template <typename Condition>
void LoadPool::wait(Condition condition) {
  std::unique_lock hold(mutex_);
  while (!error_ && !condition()) {
    changed_.wait_for(hold, Milliseconds(200));
    throwIfInterrupted();
  }
  if (error_) std::rethrow_exception(error_);
}

void LoadPool::load(const std::string& table, LoadStatement rows, bool spread) {
  const size_t size = rows.text.size();
  wait([&] { return bytes_ == 0 || bytes_ + size <= mostBytes; });
  {
    const std::lock_guard hold(mutex_);
    bytes_ += size;
    ++outstanding_;
    ++rows_;
    ++tables_[table].outstanding;
    const Worker& own = workers_[std::hash<std::string>{}(table) % workers_.size()];
    begin();
    queue_.push_back({std::move(rows), table, states_.size(), true, spread ? nullptr : &own});
  }
  changed_.notify_all();
}

void LoadPool::afterRows(const std::string& table, LoadStatement statement) {
  const std::lock_guard hold(mutex_);
  begin();
  Table& entry = tables_[table];
  entry.after = std::move(statement);
  ++outstanding_;
  if (entry.outstanding == 0) release(table, entry);
}

// With the lock held.
void LoadPool::begin() {
  if (!begun_) headStates_ = states_.size();
  begun_ = true;
}

// With the lock held.
void LoadPool::release(const std::string& name, Table& table) {
  queue_.push_front({std::move(*table.after), name, headStates_, false, nullptr});
  table.after.reset();
  changed_.notify_all();
}

void LoadPool::waitForRows(const std::string& table) {
  wait([&] {
    const auto found = tables_.find(table);
    return found == tables_.end() || found->second.outstanding == 0;
  });
}

void LoadPool::waitForAllRows() {
  wait([this] { return rows_ == 0; });
}

void LoadPool::waitForAll() {
  wait([this] { return outstanding_ == 0; });
}

std::optional<LoadPool::Task> LoadPool::take(Worker& worker) {
  std::unique_lock hold(mutex_);
  auto found = queue_.end();
  changed_.wait(hold, [&] {
    found = std::find_if(queue_.begin(), queue_.end(),
                         [&](const Task& task) { return task.only == nullptr || task.only == &worker; });
    return stop_ || error_ || found != queue_.end();
  });
  if (stop_ || error_) return std::nullopt;
  Task task = std::move(*found);
  queue_.erase(found);
  return task;
}

void LoadPool::run(Worker& worker, const Task& task, size_t& known) {
  for (; known < task.states; ++known) {
    std::string state;
    {
      const std::lock_guard hold(mutex_);
      state = states_[known];
    }
    worker.session->execute(std::string_view(state));
  }
  for (unsigned attempt = 1;; ++attempt) {
    try {
      worker.session->execute(std::string_view(task.statement.text));
      return;
    } catch (const SqlError& e) {
      if (attempt < 6 && isTransient(e)) continue;
      throw fail_(task.statement, e);
    }
  }
}

void LoadPool::done(const Task& task) {
  {
    const std::lock_guard hold(mutex_);
    --outstanding_;
    if (task.rows) {
      bytes_ -= task.statement.text.size();
      --rows_;
      Table& table = tables_[task.table];
      if (--table.outstanding == 0 && table.after) release(task.table, table);
    }
  }
  changed_.notify_all();
}

void LoadPool::work(Worker& worker) {
  size_t known = 0;
  try {
    while (const auto task = take(worker)) {
      run(worker, *task, known);
      done(*task);
    }
  } catch (...) {
    const std::lock_guard hold(mutex_);
    if (!error_) error_ = std::current_exception();
  }
  changed_.notify_all();
}

}  // namespace dlpx
