#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "backup/copy_table.h"
#include "base/deadline.h"
#include "base/progress.h"

namespace dlpx {

// Rows of one table to copy.
struct CopyPiece {
  const CopyTable* table;
  std::string where;  // "" for all
};

// Pairs of connections that copy pieces at the same time, in the order given, and build a table's secondary
// keys as soon as its last piece is there.
class CopyPool {
 public:
  // The source's sessions are in the snapshot; one goes, and its snapshot with it, when no piece is left.
  CopyPool(const ConnectionOptions& source, std::vector<Session> sources, const ConnectionOptions& target);
  // What still runs is killed.
  ~CopyPool();
  CopyPool(const CopyPool&) = delete;
  CopyPool& operator=(const CopyPool&) = delete;

  // `keys`: what follows ALTER TABLE t. Returns the bytes of the rows. Throws the first error of a
  // connection, Error{timeout}, Error{interrupted}.
  uint64_t run(std::deque<CopyPiece> pieces, std::map<TableName, std::string> keys, Progress& progress,
               const Deadline& deadline);

 private:
  struct Worker {
    std::optional<Session> source;
    std::optional<Session> target;
    uint64_t sourceId = 0;
    uint64_t targetId = 0;
    std::thread thread;
  };
  struct Task {
    std::optional<CopyPiece> piece;
    TableName table;  // whose keys are to be built, without a piece
  };

  void work(Worker& worker);
  std::optional<Task> take();
  void copyPiece(Worker& worker, const CopyPiece& piece);
  void buildKeys(Session& target, const TableName& table);
  void done(const Task& task);
  void end();
  void kill(const ConnectionOptions& server, uint64_t Worker::*id);

  ConnectionOptions source_;
  ConnectionOptions target_;
  std::deque<Worker> workers_;
  std::atomic<uint64_t> bytes_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<CopyPiece> pieces_;
  std::deque<TableName> readyForKeys_;
  std::map<TableName, std::string> keys_;
  std::map<TableName, size_t> piecesLeft_;
  size_t outstanding_ = 0;
  bool stop_ = false;
  std::exception_ptr error_;
};

}  // namespace dlpx
