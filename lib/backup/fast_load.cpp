#include "backup/fast_load.h"

#include "base/deadline.h"
#include "base/error.h"
#include "base/log.h"
#include "mysql/dialect.h"

namespace dlpx {
namespace {

constexpr unsigned poolIsResized = 3125;
constexpr Seconds timeToResize(60);

bool isRedoLogOn(Session& target) {
  const Rows rows = target.query("SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'");
  return rows.empty() || rows[0][1].value_or("ON") == "ON";
}

bool isNumber(const std::string& value) {
  return !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
}

std::string setGlobal(const std::string& variable, const std::string& value) {
  return "SET GLOBAL " + variable + " = " + (isNumber(value) ? value : quoteString(value));
}

// The buffer pool is still growing when a load was short: it takes the next size when it has.
void execute(Session& target, const std::string& statement) {
  std::optional<SqlError> error;
  waitUntil(Deadline::in(timeToResize), [&] {
    error = target.tryExecute(statement);
    return !error || error->number() != poolIsResized;
  });
  if (error) throw *error;
}

void attempt(Session& target, const std::string& statement) {
  try {
    execute(target, statement);
  } catch (const std::exception& e) {
    log::warning("the target's settings could not be put back: " + std::string(e.what()));
  }
}

}  // namespace

void LoadSettings::set(const std::string& variable, const std::string& value) {
  const std::string now = target_.variable(variable);
  if (now.empty() || now == value) return;  // unknown to this version, or as wanted
  execute(target_, setGlobal(variable, value));
  old_.emplace_back(variable, now);
}

void LoadSettings::putBack() {
  for (; !old_.empty(); old_.pop_back()) attempt(target_, setGlobal(old_.back().first, old_.back().second));
}

void LoadSettings::finish() {
  const auto wanted = old_;
  putBack();
  for (const auto& [variable, value] : wanted) {
    const std::string now = target_.variable(variable);
    if (now != value) {
      throw Error(ExitCode::restore,
                  variable + " of " + target_.endpoint().text() + " is " + now + ", not " + value +
                      " as before the restore",
                  "restart the server");
    }
  }
}

FastLoad::FastLoad(Session& target, const std::vector<std::pair<std::string, std::string>>& more)
    : target_(target), settings_(target) {
  try {
    settings_.set("innodb_flush_log_at_trx_commit", "0");
    settings_.set("max_allowed_packet", "1073741824");
    settings_.set("log_bin_trust_function_creators", "ON");
    // New pages are written once, when they are full, and not before as zeros.
    settings_.set("innodb_extend_and_initialize", "OFF");
    for (const auto& [variable, value] : more) settings_.set(variable, value);
    if (Dialect(target_.version()).hasDisableRedoLog() && isRedoLogOn(target_)) {
      redoOff_ = true;
      target_.execute("ALTER INSTANCE DISABLE INNODB REDO_LOG");
    }
  } catch (...) {
    enableRedoLog();
    throw;
  }
}

FastLoad::~FastLoad() {
  enableRedoLog();
}

void FastLoad::enableRedoLog() {
  if (redoOff_) attempt(target_, "ALTER INSTANCE ENABLE INNODB REDO_LOG");
  redoOff_ = false;
}

void FastLoad::finish() {
  enableRedoLog();
  if (!isRedoLogOn(target_)) {
    throw Error(ExitCode::restore, "the redo log of " + target_.endpoint().text() + " is still off",
                "remove the instance and create it anew");
  }
  settings_.finish();
}

}  // namespace dlpx
