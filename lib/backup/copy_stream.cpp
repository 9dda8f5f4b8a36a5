#include "backup/copy_stream.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <future>

#include "base/error.h"
#include "base/text.h"
#include "mysql/disk_full.h"

namespace dlpx {
namespace {

constexpr unsigned tableChanged = 1412;
constexpr unsigned noSuchTable = 1146;
constexpr unsigned dataTruncated = 1265;
// Words about the statement, not about its values: deprecated syntax, engines that do not mix.
constexpr unsigned deprecated[] = {1287, 1681, 6414};

constexpr std::array<bool, 256> escapes() {
  std::array<bool, 256> table{};
  for (const char c : {'\t', '\n', '\\', '\0'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> isEscaped = escapes();

// A byte of the word is 0: that byte's top bit, and maybe one above it, is set in the result.
constexpr uint64_t zeroBytes(uint64_t word) {
  return (word - 0x0101010101010101) & ~word & 0x8080808080808080;
}

constexpr uint64_t eight(char c) {
  return 0x0101010101010101 * static_cast<unsigned char>(c);
}

// Where the next byte to escape is, or the end: most values have none, so eight are looked at at once.
size_t nextEscaped(std::string_view value, size_t at) {
  for (uint64_t word = 0; at + sizeof word <= value.size(); at += sizeof word) {
    std::memcpy(&word, value.data() + at, sizeof word);
    if ((zeroBytes(word) | zeroBytes(word ^ eight('\t')) | zeroBytes(word ^ eight('\n')) |
         zeroBytes(word ^ eight('\\'))) != 0)
      break;
  }
  while (at < value.size() && !isEscaped[static_cast<unsigned char>(value[at])]) ++at;
  return at;
}

void writeValue(BytePipe& pipe, std::string_view value) {
  size_t begin = 0;
  for (size_t i = nextEscaped(value, 0); i < value.size(); i = nextEscaped(value, i + 1)) {
    pipe.write(value.substr(begin, i - begin));
    pipe.write('\\');
    pipe.write(value[i] == '\t' ? 't' : value[i] == '\n' ? 'n' : value[i] == '\0' ? '0' : '\\');
    begin = i + 1;
  }
  pipe.write(value.substr(begin));
}

Error sourceError(const SqlError& error, const TableName& table) {
  const bool changed = error.number() == tableChanged || error.number() == noSuchTable;
  return Error(ExitCode::backup, "the rows of " + table.quoted() + " could not be read: " + error.what(),
               changed ? "repeat the command when nobody alters tables at the source"
                       : "mend the cause at the source and repeat the command");
}

// The value of a wrong ENUM is number 0: the target stores it, and says so.
bool isHarmless(const CopyTable& table, const Row& warning) {
  const uint64_t code = warning.number("Code");
  if (std::find(std::begin(deprecated), std::end(deprecated), code) != std::end(deprecated)) return true;
  if (code != dataTruncated) return false;
  return std::any_of(table.columns.begin(), table.columns.end(), [&](const CopyColumn& column) {
    return column.type == "enum" &&
           startsWith(warning.text("Message"), "Data truncated for column '" + column.name + "'");
  });
}

void checkLoaded(Session& target, const CopyTable& table, uint64_t sent, uint64_t loaded) {
  if (target.warningCount() > 0) {
    for (const Row& warning : target.query("SHOW WARNINGS")) {
      if (isHarmless(table, warning)) continue;
      throw Error(ExitCode::restore,
                  "rows of " + table.name.quoted() + " were not taken as they are: " +
                      warning.text("Message") + " (error " + warning.text("Code") + ")",
                  "use --method dump, and report this");
    }
  }
  if (sent != loaded) {
    throw Error(ExitCode::restore,
                std::to_string(sent) + " rows of " + table.name.quoted() + " were sent and " +
                    std::to_string(loaded) + " loaded",
                "use --method dump, and report this");
  }
}

}  // namespace

void BytePipe::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t part = std::min(bytes.size(), chunk - filling_.size());
    filling_.append(bytes.substr(0, part));
    bytes.remove_prefix(part);
    if (filling_.size() >= chunk) push();
  }
}

void BytePipe::push() {
  {
    std::unique_lock hold(mutex_);
    changed_.wait(hold, [this] { return broken_ || full_.size() < mostChunks; });
    if (broken_) throw Broken();
    full_.push_back(std::move(filling_));
  }
  changed_.notify_all();
  filling_ = std::string();
  filling_.reserve(chunk);
}

void BytePipe::close() {
  if (!filling_.empty()) push();
  {
    const std::lock_guard hold(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

size_t BytePipe::read(std::span<char> buffer) {
  if (at_ == reading_.size()) {
    std::unique_lock hold(mutex_);
    changed_.wait(hold, [this] { return broken_ || closed_ || !full_.empty(); });
    if (broken_) throw Broken();
    if (full_.empty()) return 0;
    reading_ = std::move(full_.front());
    full_.pop_front();
    at_ = 0;
    hold.unlock();
    changed_.notify_all();
  }
  const size_t part = std::min(buffer.size(), reading_.size() - at_);
  std::memcpy(buffer.data(), reading_.data() + at_, part);
  at_ += part;
  return part;
}

void BytePipe::giveUp() {
  {
    const std::lock_guard hold(mutex_);
    broken_ = true;
  }
  changed_.notify_all();
}

void writeRow(BytePipe& pipe, Session::RowValues row) {
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) pipe.write('\t');
    if (row[i]) {
      writeValue(pipe, *row[i]);
    } else {
      pipe.write("\\N");
    }
  }
  pipe.write('\n');
}

Error targetError(const SqlError& error, const TableName& table) {
  const bool full = isDiskFull(error);
  return Error(full ? ExitCode::noSpace : ExitCode::restore,
               table.quoted() + " could not be restored: " + error.what(),
               full ? "free space, then repeat the command"
                    : "read the staging server's error log, mend the cause and repeat the command");
}

void copyRows(Session& source, Session& target, const CopyTable& table, const std::string& where,
              std::atomic<uint64_t>& bytes) {
  BytePipe pipe;
  uint64_t loaded = 0;
  auto loading = std::async(std::launch::async, [&] {
    try {
      loaded = target.loadLocal(loadRows(table), [&](std::span<char> buffer) {
        const size_t part = pipe.read(buffer);
        bytes += part;
        return part;
      });
    } catch (const BytePipe::Broken&) {
      // The reason is the reader's.
    } catch (...) {
      pipe.giveUp();
      throw;
    }
  });
  uint64_t sent = 0;
  std::exception_ptr problem;
  try {
    source.streamRows(selectRows(table, where), [&](Session::RowValues row) {
      writeRow(pipe, row);
      ++sent;
    });
    pipe.close();
  } catch (const BytePipe::Broken&) {
    // The reason is the loader's.
  } catch (const SqlError& e) {
    problem = std::make_exception_ptr(sourceError(e, table.name));
  } catch (...) {
    problem = std::current_exception();
  }
  if (problem) pipe.giveUp();
  try {
    loading.get();
  } catch (const SqlError& e) {
    if (!problem) throw targetError(e, table.name);
  }
  if (problem) std::rethrow_exception(problem);
  checkLoaded(target, table, sent, loaded);
}

}  // namespace dlpx
