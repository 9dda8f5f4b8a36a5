#include "backup/views.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace dlpx {
namespace {

struct ViewText {
  TableName name;
  std::string create;  // in the character set of its creator
  std::string characterSet;
  std::string collation;
  bool invalid = false;  // the source itself says so
  std::string problem;
};

// The text in the bytes that its creator's client would have sent: a literal in latin1 stays one.
std::vector<ViewText> readViews(Session& source, const std::vector<TableName>& views) {
  std::vector<ViewText> result;
  source.execute("SET character_set_results = NULL");
  for (const TableName& name : views) {
    const Rows rows = source.query(std::string_view("SHOW CREATE VIEW " + name.quoted()));
    const bool invalid = source.warningCount() > 0;
    const Row& row = rows.at(0);
    result.push_back({name, row.text("Create View"), row.text("character_set_client"),
                      row.text("collation_connection"), invalid, ""});
  }
  source.execute("SET character_set_results = utf8mb4");
  return result;
}

// Functions are not qualified in the text: they are the database's.
bool create(Session& target, ViewText& view) {
  target.execute("SET NAMES utf8mb4");
  target.execute("USE !", view.name.database);
  target.execute(std::string_view(
      sql("SET character_set_client = ?, collation_connection = ?", view.characterSet, view.collation)));
  const auto error = target.tryExecute(view.create);
  if (error) view.problem = error->what();
  return !error;
}

// Passes over what is left until one changes nothing; what is left then needs something that is not there.
std::vector<ViewText> createAll(Session& target, std::vector<ViewText> left) {
  size_t before = 0;
  do {
    before = left.size();
    std::vector<ViewText> again;
    for (ViewText& view : left) {
      if (!create(target, view)) again.push_back(std::move(view));
    }
    left = std::move(again);
  } while (!left.empty() && left.size() < before);
  return left;
}

}  // namespace

std::vector<std::string> copyViews(Session& source, Session& target, const std::vector<TableName>& views) {
  std::vector<std::string> notes;
  if (views.empty()) return notes;
  const std::string mode = target.value("SELECT @@SESSION.sql_mode").value_or("");
  target.execute("SET SESSION sql_mode = ''");
  const std::vector<ViewText> left = createAll(target, readViews(source, views));
  target.execute("SET NAMES utf8mb4");
  target.execute("SET SESSION sql_mode = ?", mode);
  for (const ViewText& view : left) {
    const std::string name = view.name.database + "." + view.name.name;
    if (!view.invalid) {
      throw Error(ExitCode::restore, "view " + name + " cannot be created: " + view.problem,
                  "choose the databases that the view needs, too");
    }
    notes.push_back("view " + name + " is invalid at the source and was left out: " + view.problem);
  }
  return notes;
}

}  // namespace dlpx
