#include "vdb/export.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "backup/clone.h"
#include "backup/data_directory.h"
#include "backup/schema.h"
#include "backup/take.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/json_full.h"
#include "base/log.h"
#include "base/rename.h"
#include "base/text.h"
#include "base/undo.h"
#include "server/snapshot_facts.h"
#include "vdb/export_files.h"
#include "vdb/keyring.h"
#include "vdb/report.h"

namespace dlpx {
namespace {

// The steps during which a VDB that is to run does not.
constexpr const char* copyStopped = "copy-stopped";
constexpr const char* startAfterCopy = "start-after-copy";
constexpr const char* clonePluginNote = "clonePluginOfExport";

Error usage(const std::string& fact, const std::string& remedy) {
  return Error(ExitCode::usage, fact, remedy);
}

// Names need not be known on this host when they only go into a tar.
ArchiveOwner ownerNamed(const std::string& name, bool mustExist) {
  const size_t colon = name.find(':');
  ArchiveOwner owner{name.substr(0, colon), "", {0, 0}};
  const passwd* const user = getpwnam(owner.user.c_str());
  if (user == nullptr && mustExist) throw usage("there is no user " + owner.user, "name one with --owner");
  if (user != nullptr) owner.ids = {user->pw_uid, user->pw_gid};
  const group* found = nullptr;
  if (colon != std::string::npos) {
    owner.group = name.substr(colon + 1);
    found = getgrnam(owner.group.c_str());
    if (found == nullptr && mustExist)
      throw usage("there is no group " + owner.group, "name one with --owner");
  } else if (user != nullptr) {
    found = getgrgid(user->pw_gid);
    owner.group = found != nullptr ? found->gr_name : owner.user;
  }
  if (found != nullptr) owner.ids.gid = found->gr_gid;
  if (owner.group.empty()) owner.group = owner.user;
  return owner;
}

void refuseTaken(const ExportRequest& request) {
  const fs::path& output = request.output;
  if (request.toStdout()) {
    if (!request.tar)
      throw usage("only a tar can go to standard output", "add --tar, or name a path with --output");
    if (isatty(STDOUT_FILENO) != 0)
      throw usage("standard output is a terminal", "redirect it to a file, or name one with --output");
    return;
  }
  const bool file = request.tar || request.logical;
  if (fs::exists(output) && (file || !fs::is_directory(output) || !isEmptyDirectory(output)))
    throw usage(output.string() + " is there already", "name a path that is free with --output");
  if (!fs::is_directory(output.parent_path()))
    throw usage("there is no directory " + output.parent_path().string(), "create it, or name another path");
}

// The directory that is being made: beside a directory's target, so that a rename completes it; for a tar on
// the VDB's own storage, which may share the blocks. Another VDB's export to the same place has another.
fs::path workOf(const ExportRequest& request, const Instance& vdb) {
  if (request.tar) return vdb.mount().tmp() / "export.partial";
  return request.output.parent_path() /
         ("." + request.output.filename().string() + "." + std::to_string(vdb.facts().port) + ".partial");
}

void requireSpace(const fs::path& where, uint64_t bytes) {
  const uint64_t there = freeBytes(where);
  if (there >= bytes) return;
  throw Error(ExitCode::noSpace,
              "the export takes " + humanBytes(bytes) + ", and " + where.string() + " has " +
                  humanBytes(there) + " free",
              "free space there, or export to another file system with --output");
}

struct Export {
  const ExportRequest& request;
  Instance vdb;
  VdbFacts facts;
  ArchiveOwner owner;
  ExportPlace place;
  fs::path work;
  bool runs;  // the VDB does, and will again
  Steps steps;
  Undo undo;

  fs::path data() const { return work / "data"; }
};

Error cannotHot(const std::string& fact) {
  return Error(ExitCode::preflight, "a hot copy is not possible: " + fact, "export with --copy cold");
}

ConnectionOptions connectionTo(const ExportRequest& request, const Instance& vdb) {
  if (!request.access.password)
    throw usage("the export asks the running VDB, and no password is given",
                "name its file with --password-file");
  return {.endpoint = {"localhost", vdb.facts().port, vdb.mount().socket()},
          .user = request.access.user.value_or(vdb.facts().adminUser),
          .password = *request.access.password};
}

Session sessionOn(const Export& job) {
  return Session::connect(connectionTo(job.request, job.vdb));
}

void requireCloneable(Session& session, const Export& job) {
  const SnapshotFacts facts = readSnapshotFacts(session, job.vdb);
  if (!session.version().atLeast(8, 0, 17))
    throw cannotHot("MySQL " + session.version().text() + " has no CLONE");
  std::vector<std::string> others = facts.otherTables;
  others.insert(others.end(), facts.memoryTables.begin(), facts.memoryTables.end());
  if (others.empty()) return;
  if (others.size() > 5) others.resize(5);
  throw cannotHot("CLONE leaves out the rows of tables that are not InnoDB: " + join(others, ", "));
}

// The directory that is being made, empty. The VDB's own server writes into it.
void makeWork(Export& job) {
  removeTree(job.work);
  job.undo.add("directory " + job.work.string(), [&job] { removeTree(job.work); });
  makeDirectory(job.work, {0750, job.vdb.owner()});
}

// An export that was killed may have left the plugin that it had installed: the note says so.
bool clonePluginIsOurs(const Export& job, Session& session) {
  return readFacts(job.vdb.mount().stateFile()).contains(clonePluginNote) || !hasClonePlugin(session);
}

void noteClonePlugin(const Export& job, const Json& note) {
  mergeFacts(job.vdb.mount().stateFile(), {{clonePluginNote, note}}, {0640, job.vdb.owner()});
}

void copyHot(Export& job) {
  Session session = sessionOn(job);
  requireCloneable(session, job);
  endLocalClone(session, job.data());
  makeWork(job);
  job.steps.begin("clone");
  const bool ours = clonePluginIsOurs(job, session);
  Undo note;  // never committed: cloneLocally() removes the plugin in any case
  note.add("the note of the clone plugin", [&job] { noteClonePlugin(job, nullptr); });
  if (ours) noteClonePlugin(job, true);
  cloneLocally(connectionTo(job.request, job.vdb), job.data(), ours, Deadline::never());
  // What CLONE notes for its own first start names places of this host.
  for (const char* name : {"#clone", "ib_buffer_pool"}) removeTree(job.data() / name);
}

void startAgain(Export& job) {
  const InterruptShield shield;
  job.vdb.start({.deadline = Deadline::in(job.request.access.timeout)});
  job.vdb.record();
}

void copyCold(Export& job) {
  // Journalled first: when we are killed, the same command knows that the VDB is to run afterwards.
  job.steps.begin(job.runs ? copyStopped : "copy");
  if (job.runs) job.undo.add("the stop of the VDB", [&job] { startAgain(job); });
  job.vdb.stop(Deadline::in(job.request.access.timeout));
  makeWork(job);
  const BackupFacts from{.path = job.vdb.mount().data(),
                         .kind = BackupKind::dataDirectory,
                         .bytes = allocatedBytes(job.vdb.mount().data())};
  copyDataDirectory(from, job.data(), job.owner.ids);
  if (!job.runs) return;
  job.steps.begin(startAfterCopy);
  startAgain(job);
}

bool isHot(const Export& job) {
  const std::string& copy = job.request.copy;
  if (copy == "hot" && !job.vdb.process())
    throw usage("the VDB on " + job.vdb.mount().root().string() + " does not run",
                "export it with --copy cold");
  return copy == "hot" || (copy == "auto" && job.vdb.process());
}

// A server that did not end cleanly would need the binary logs that are left behind.
void requireClean(const Export& job) {
  if (job.vdb.state() != InstanceState::crashed) return;
  throw Error(ExitCode::preflight, "the VDB on " + job.vdb.mount().root().string() + " did not stop cleanly",
              "start it, then repeat the command");
}

void completeDirectory(Export& job) {
  const Owner owner = job.owner.ids;
  for (const char* name : {"log", "tmp"}) makeDirectory(job.work / name, {0750, owner});
  writeFile(job.work / "my.cnf", exportedOptionFile(job.vdb, job.facts, job.place), {0640, owner});
  writeFile(job.work / "README", exportedReadme(job.vdb, job.place), {0644, owner});
  setOwnerOfTree(job.work, owner);
  syncFileSystem(job.work);
}

void publishTar(Export& job) {
  const ExportRequest& request = job.request;
  job.steps.begin("tar");
  Progress progress("writing " + request.output.string(), allocatedBytes(job.work));
  const std::string root = job.place.directory.filename().string();
  if (request.toStdout()) {
    writeTar(job.work, root, job.owner, {"standard output", STDOUT_FILENO}, request.compression, progress);
    return;
  }
  const fs::path partial =
      request.output.parent_path() / ("." + request.output.filename().string() + ".partial");
  writeTar(job.work, root, job.owner, {partial}, request.compression, progress);
  job.undo.add("file " + partial.string(), [partial] { removeTree(partial); });
  renameNew(partial, request.output);
}

void publish(Export& job) {
  if (job.request.tar) {
    publishTar(job);
    removeTree(job.work);
    return;
  }
  // Last: what has the target's name is whole.
  fs::rename(job.work, job.request.output);
  syncPath(job.request.output.parent_path());
}

Output told(Export& job, bool hot, uint64_t bytes) {
  const std::string command = startCommand(job.place);
  Output output;
  output.json = {{"output", job.request.toStdout() ? "-" : job.request.output.string()},
                 {"kind", job.request.tar ? "tar" : "directory"},
                 {"copy", hot ? "hot" : "cold"},
                 {"place", job.place.directory.string()},
                 {"owner", job.owner.user + ":" + job.owner.group},
                 {"bytes", bytes},
                 {"version", job.vdb.facts().version.text()},
                 {"start", command},
                 {"seconds", job.steps.seconds()}};
  if (job.request.toStdout()) {
    log::info("start it with: " + command);
    return output;
  }
  output.text = "exported " + humanBytes(bytes) + " by a " + (hot ? "hot" : "cold") + " copy to " +
                job.request.output.string() + "\nstart it with: " + command + "\n";
  return output;
}

bool interruptedExport(const Mount& mount) {
  const Journal::Unfinished last = Journal::unfinished(mount.stateFile());
  return last.operation == "export" && (last.step == copyStopped || last.step == startAfterCopy);
}

Export jobFor(const ExportRequest& request, const Instance& vdb) {
  const Mount& mount = vdb.mount();
  const ArchiveOwner owner =
      ownerNamed(request.owner.empty() ? vdb.facts().osUser : request.owner, !request.tar);
  return {.request = request,
          .vdb = vdb,
          .facts = *VdbFacts::on(mount),
          .owner = owner,
          .place = {request.place, request.port, owner.user},
          .work = workOf(request, vdb),
          .runs = vdb.process() || interruptedExport(mount),
          .steps = Steps(mount.journal("export")),
          .undo = {}};
}

// Returns the bytes that the copy will have.
uint64_t checkExport(const Export& job) {
  const ExportRequest& request = job.request;
  requireClean(job);
  refuseEncryptedExport(job.vdb);
  const uint64_t bytes = allocatedBytes(job.vdb.mount().data());
  requireSpace(job.work.parent_path(), bytes);
  if (request.tar && !request.toStdout() && request.compression == Compression::none)
    requireSpace(request.output.parent_path(), bytes);
  return bytes;
}

Output exportFiles(const ExportRequest& request, const Instance& vdb) {
  Export job = jobFor(request, vdb);
  const bool hot = isHot(job);
  const uint64_t bytes = checkExport(job);
  job.steps.begin("prepare");
  // Undone last: with the VDB as it was, there is nothing that a repeat would have to finish.
  job.undo.add("the journal of the export", [&job] {
    if (!job.runs || job.vdb.process()) job.steps.finish();
  });
  if (hot) {
    copyHot(job);
  } else {
    copyCold(job);
  }
  job.steps.begin("complete");
  completeDirectory(job);
  publish(job);
  job.steps.finish();
  job.undo.commit();
  return told(job, hot, bytes);
}

TakeRequest dumpRequest(const ExportRequest& request, const Instance& vdb) {
  const ConnectionOptions source = connectionTo(request, vdb);
  Session session = Session::connect(source);
  return {.source = source,
          .databases = chosenDatabases(session, {}),
          .installation = vdb.installation(),
          .output = request.output,
          .compression = request.compression,
          .gtids = request.gtids};
}

Output exportDump(const ExportRequest& request, const Instance& vdb) {
  TakeReport report = takeBackup(dumpRequest(request, vdb));
  if (!vdb.facts().keyring.empty())
    report.notes.push_back("what the VDB keeps encrypted on the disk can be read in the dump");
  Output output{report.json(), "exported a dump of " + humanBytes(report.contentBytes) + " to " +
                                   report.file.string() + "\n"};
  for (const std::string& note : report.notes) output.text += "note: " + note + "\n";
  return output;
}

}  // namespace

StepList planExport(const ExportRequest& request) {
  refuseTaken(request);
  const Instance vdb = requireVdb(Mount(request.access.mount));
  if (request.logical) return planTake(dumpRequest(request, vdb));
  const Export job = jobFor(request, vdb);
  const bool hot = isHot(job);
  const std::string bytes = humanBytes(checkExport(job));
  if (hot) {
    Session session = sessionOn(job);
    requireCloneable(session, job);
  }
  StepList steps;
  if (hot) steps.push_back({"clone", "let the VDB's server write a copy of its " + bytes});
  if (!hot && job.runs) steps.push_back({"stop", "stop the VDB while " + bytes + " are copied"});
  if (!hot) steps.push_back({"copy", "copy " + bytes});
  if (!hot && job.runs) steps.push_back({"start", "start the VDB again"});
  steps.push_back({"complete", "write my.cnf for " + job.place.directory.string() + " and port " +
                                   std::to_string(job.place.port) + ", owned by " + job.owner.user});
  steps.push_back({request.tar ? "tar" : "publish", "write " + request.output.string()});
  return steps;
}

Output exportVdb(const ExportRequest& request) {
  const Mount mount(request.access.mount);
  refuseTaken(request);
  requireVdb(mount);  // before a lock is left in a directory that is none of ours
  const FileLock lock = mount.lock("export", Deadline::in(Milliseconds(0)));
  const Instance vdb = requireVdb(mount);
  return request.logical ? exportDump(request, vdb) : exportFiles(request, vdb);
}

}  // namespace dlpx
