#include "backup/waiting_views.h"

#include "base/error.h"

namespace dlpx {

void WaitingViews::create(const std::string& database, const std::string& name, LoadStatement statement) {
  View view{database, name, std::move(statement), {}, {}, {}};
  if (!session_.tryExecute(view.statement.text)) return;
  const Rows rows =
      session_.query("SELECT @@character_set_client AS charset, @@collation_connection AS collation");
  view.characterSet = rows.at(0).text("charset");
  view.collation = rows.at(0).text("collation");
  views_.push_back(std::move(view));
}

bool WaitingViews::createOnce(View& view) {
  session_.execute("USE !", view.database);
  session_.execute("SET character_set_client = ?, collation_connection = ?", view.characterSet,
                   view.collation);
  const auto error = session_.tryExecute(view.statement.text);
  session_.execute("SET NAMES utf8mb4");
  if (error) view.problem = failure_(view.statement, *error).what();
  return !error;
}

// Passes over what is left until one creates nothing.
std::vector<std::string> WaitingViews::createAll() {
  size_t before = 0;
  do {
    before = views_.size();
    std::vector<View> left;
    for (View& view : views_)
      if (!createOnce(view)) left.push_back(std::move(view));
    views_ = std::move(left);
  } while (!views_.empty() && views_.size() < before);
  std::vector<std::string> notes;
  for (const View& view : views_)
    notes.push_back("view " + view.database + "." + view.name +
                    " could not be created and is left out: " + view.problem);
  return notes;
}

}  // namespace dlpx
