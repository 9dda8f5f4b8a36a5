#include "backup/fast_load.h"

#include "base/error.h"
#include "base/log.h"
#include "mysql/dialect.h"

namespace dlpx {
namespace {

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

}  // namespace

FastLoad::FastLoad(Session& target, const std::vector<std::pair<std::string, std::string>>& more)
    : target_(target) {
  try {
    set("innodb_flush_log_at_trx_commit", "0");
    set("max_allowed_packet", "1073741824");
    set("log_bin_trust_function_creators", "ON");
    for (const auto& [variable, value] : more) set(variable, value);
    if (Dialect(target_.version()).hasDisableRedoLog() && isRedoLogOn(target_)) {
      redoOff_ = true;
      target_.execute("ALTER INSTANCE DISABLE INNODB REDO_LOG");
    }
  } catch (...) {
    putBack();
    throw;
  }
}

FastLoad::~FastLoad() {
  putBack();
}

void FastLoad::set(const std::string& variable, const std::string& value) {
  const std::string now = target_.variable(variable);
  if (now.empty() || now == value) return;  // unknown to this version, or as wanted
  target_.execute(std::string_view(setGlobal(variable, value)));
  old_.emplace_back(variable, now);
}

void FastLoad::putBack() {
  const auto attempt = [this](const std::string& statement) {
    try {
      target_.execute(std::string_view(statement));
    } catch (const std::exception& e) {
      log::warning("the target's settings could not be put back: " + std::string(e.what()));
    }
  };
  if (redoOff_) attempt("ALTER INSTANCE ENABLE INNODB REDO_LOG");
  redoOff_ = false;
  for (; !old_.empty(); old_.pop_back()) attempt(setGlobal(old_.back().first, old_.back().second));
}

void FastLoad::finish() {
  const auto wanted = old_;
  putBack();
  if (!isRedoLogOn(target_)) {
    throw Error(ExitCode::restore, "the redo log of " + target_.endpoint().text() + " is still off",
                "remove the instance and create it anew");
  }
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

}  // namespace dlpx
