#include "backup/copy_pool.h"

#include "backup/copy_stream.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"

namespace dlpx {
namespace {

constexpr unsigned deadlock = 1213;
constexpr unsigned lockWaitTimeout = 1205;
constexpr unsigned tries = 6;

}  // namespace

CopyPool::CopyPool(const ConnectionOptions& source, std::vector<Session> sources,
                   const ConnectionOptions& target)
    : source_(source), target_(target) {
  target_.localInfile = true;
  for (Session& session : sources) {
    Worker& worker = workers_.emplace_back();
    worker.sourceId = session.connectionId();
    worker.source.emplace(std::move(session));
    worker.target.emplace(Session::connect(target_, ExitCode::restore));
    worker.target->failWith(ExitCode::restore);
    for (const std::string& statement : copyTargetState())
      worker.target->execute(std::string_view(statement));
    worker.targetId = worker.target->connectionId();
  }
}

CopyPool::~CopyPool() {
  end();
}

uint64_t CopyPool::run(std::deque<CopyPiece> pieces, std::map<TableName, std::string> keys,
                       Progress& progress, const Deadline& deadline) {
  pieces_ = std::move(pieces);
  keys_ = std::move(keys);
  for (const CopyPiece& piece : pieces_) ++piecesLeft_[piece.table->name];
  outstanding_ = pieces_.size() + keys_.size();
  for (const auto& [table, key] : keys_)
    if (!piecesLeft_.contains(table)) readyForKeys_.push_back(table);
  for (Worker& worker : workers_) worker.thread = std::thread([this, &worker] { work(worker); });
  {
    std::unique_lock hold(mutex_);
    while (outstanding_ > 0 && !error_) {
      changed_.wait_for(hold, Milliseconds(100));
      progress.set(bytes_);
      throwIfInterrupted();
      if (deadline.expired())
        throw Error(ExitCode::timeout, "the copy took too long", "give it more time with --timeout");
    }
    if (error_) std::rethrow_exception(error_);
  }
  end();
  return bytes_;
}

// A worker that waits ends by itself; one in a statement, when the statement is killed.
void CopyPool::end() {
  bool busy = false;
  {
    const std::lock_guard hold(mutex_);
    stop_ = true;
    busy = outstanding_ > 0;
  }
  changed_.notify_all();
  if (busy) {
    kill(source_, &Worker::sourceId);
    kill(target_, &Worker::targetId);
  }
  for (Worker& worker : workers_)
    if (worker.thread.joinable()) worker.thread.join();
}

void CopyPool::kill(const ConnectionOptions& server, uint64_t Worker::*id) {
  const InterruptShield shield;
  try {
    Session killer = Session::connect(server, ExitCode::restore);
    for (const Worker& worker : workers_) killer.kill(worker.*id);
  } catch (const std::exception& e) {
    log::warning(std::string("statements of the copy could not be ended: ") + e.what());
  }
}

void CopyPool::work(Worker& worker) {
  try {
    while (const auto task = take()) {
      if (task->piece) {
        copyPiece(worker, *task->piece);
      } else {
        worker.source.reset();  // no piece is left: the source may purge what the snapshot kept
        buildKeys(*worker.target, task->table);
      }
      done(*task);
    }
  } catch (...) {
    const std::lock_guard hold(mutex_);
    if (!error_) error_ = std::current_exception();
  }
  changed_.notify_all();
}

std::optional<CopyPool::Task> CopyPool::take() {
  std::unique_lock hold(mutex_);
  changed_.wait(hold, [this] {
    return stop_ || error_ || outstanding_ == 0 || !pieces_.empty() || !readyForKeys_.empty();
  });
  if (stop_ || error_ || outstanding_ == 0) return std::nullopt;
  Task task;
  if (!pieces_.empty()) {
    task.piece = std::move(pieces_.front());
    pieces_.pop_front();
  } else {
    task.table = std::move(readyForKeys_.front());
    readyForKeys_.pop_front();
  }
  return task;
}

// The savepoint gives the table's metadata lock back: nobody who alters it waits for the other tables.
void CopyPool::copyPiece(Worker& worker, const CopyPiece& piece) {
  worker.source->execute("SAVEPOINT before_table");
  copyRows(*worker.source, *worker.target, *piece.table, piece.where, bytes_);
  worker.source->execute("ROLLBACK TO SAVEPOINT before_table");
}

// Foreign keys make a deadlock of two such statements possible.
void CopyPool::buildKeys(Session& target, const TableName& table) {
  const std::string statement = "ALTER TABLE " + table.quoted() + " " + keys_.at(table);
  for (unsigned attempt = 1;; ++attempt) {
    try {
      return target.execute(std::string_view(statement));
    } catch (const SqlError& e) {
      const bool again = e.number() == deadlock || e.number() == lockWaitTimeout;
      if (!again || attempt == tries) throw targetError(e, table);
    }
  }
}

void CopyPool::done(const Task& task) {
  {
    const std::lock_guard hold(mutex_);
    --outstanding_;
    if (task.piece) {
      const TableName& table = task.piece->table->name;
      if (--piecesLeft_[table] == 0 && keys_.contains(table)) readyForKeys_.push_back(table);
    }
  }
  changed_.notify_all();
}

}  // namespace dlpx
