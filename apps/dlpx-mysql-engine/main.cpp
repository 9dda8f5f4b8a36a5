#include "command/logged_app.h"
#include "engine/commands.h"

using namespace dlpx;

namespace {

using Names = std::vector<std::string>;

Names operator+(Names left, const Names& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

std::function<StepList(const Parameters&)> plan(const std::string& command) {
  return [command](const Parameters& parameters) { return planOf(command, parameters); };
}

const Names kHome = {"home", "hooks-dir"};

std::vector<CommandSpec> poolCommands() {
  return {
      {.name = "pool create",
       .summary = "make a pool: the storage of dSources and VDBs",
       .description =
           "btrfs, zfs and reflink pools make thin clones; a copy pool works anywhere, but each of its "
           "snapshots and clones is a full copy and takes as long. A btrfs pool is a directory on a btrfs "
           "file "
           "system, a zfs pool lies in the dataset that --dataset names; without these, both are an image "
           "file "
           "that is made, formatted and mounted. They need root. A pool of that name that is there already "
           "is "
           "mounted.",
       .parameters = kHome + Names{"pool", "driver", "directory", "image", "size", "dataset"},
       .positionals = {},
       .examples = {"dlpx-mysql-engine pool create --size 200G",
                    "dlpx-mysql-engine pool create --driver btrfs --directory /srv/btrfs/mysql",
                    "dlpx-mysql-engine pool create --driver zfs --dataset tank/mysql",
                    "dlpx-mysql-engine pool create --driver copy --directory /srv/mysql"},
       .run = runPoolCreate,
       .plan = plan("pool create")},
      {.name = "pool status",
       .summary = "show the pools and the room in them",
       .description = "Pools that are not mounted, after a reboot for instance, are mounted.",
       .parameters = kHome + Names{"pool"},
       .positionals = {},
       .examples = {"dlpx-mysql-engine pool status", "dlpx-mysql-engine pool status --json"},
       .run = runPoolStatus},
      {.name = "pool destroy",
       .summary = "remove a pool that holds nothing any more, or whose storage is lost",
       .description =
           "With --force, a pool that cannot be mounted any more is forgotten, and with it all "
           "dSources and VDBs "
           "that were in it; what is left of its storage is not touched. A pool that can be "
           "mounted is only ever "
           "removed when nothing lives in it; without --force, one whose storage is away for now is refused.",
       .parameters = kHome + Names{"pool", "force"},
       .positionals = {},
       .examples = {"dlpx-mysql-engine pool destroy", "dlpx-mysql-engine pool destroy --pool fast --force"},
       .run = runPoolDestroy,
       .plan = plan("pool destroy")},
  };
}

std::vector<CommandSpec> dsourceCommands() {
  return {
      {.name = "link",
       .summary = "make a dSource: staging for a source, and its first snapshot",
       .description =
           "The parameters are those of dlpx-mysql-stage, best given in a YAML file. They are kept for later "
           "operations; passwords are not, only the names of their files. A port and a server id that are "
           "not "
           "given are chosen.",
       .parameters = kHome + Names{"pool", "hook", "port", "server-id"} + dsourceParameters(),
       .positionals = {"name"},
       .examples = {"dlpx-mysql-engine link shop --config shop.yaml",
                    "dlpx-mysql-engine link shop --config shop.yaml --pool fast --method clone"},
       .run = runLink,
       .plan = plan("link")},
      {.name = "sync",
       .summary = "take a snapshot of a dSource",
       .description = "With --resync the source is ingested anew first.",
       .parameters = kHome + Names{"resync"},
       .positionals = {"name"},
       .examples = {"dlpx-mysql-engine sync shop", "dlpx-mysql-engine sync shop --resync"},
       .run = runSync,
       .plan = plan("sync")},
  };
}

std::vector<CommandSpec> vdbCommands() {
  return {
      {.name = "provision",
       .summary = "make a VDB from a snapshot",
       .description =
           "From the newest snapshot unless one is named. Hook points: configure-clone, pre-snapshot, "
           "post-snapshot, pre-refresh, post-refresh, pre-rollback, post-rollback, pre-start, post-start, "
           "pre-stop, post-stop. With --with-replica a second VDB of the same snapshot, NAME-replica, "
           "follows the first by "
           "GTIDs; both are then worked on as one, by the name of the first.",
       .parameters = kHome + Names{"from", "with-replica", "hook", "port", "server-id"} + vdbParameters(),
       .positionals = {"name"},
       .examples =
           {"dlpx-mysql-engine provision dev --from shop --port 3311 --user app --password-file app.password",
            "dlpx-mysql-engine provision dev2 --from shop@20260131T134500Z --user app --password-file "
            "app.password "
            "--hook configure-clone=/etc/shop/mask.sh",
            "dlpx-mysql-engine provision pair --from shop --with-replica --user app --password-file "
            "app.password"},
       .run = runProvision,
       .required = {"from"},
       .plan = plan("provision")},
      {.name = "create-empty",
       .summary = "make a VDB without data",
       .description = "It has no parent and nothing to be refreshed from. Hook points: those of provision.",
       .parameters = kHome + Names{"pool", "hook", "port", "server-id"} + vdbParameters(),
       .positionals = {"name"},
       .examples = {"dlpx-mysql-engine create-empty blank --basedir /usr --user app --password-file "
                    "app.password",
                    "dlpx-mysql-engine create-empty blank --config blank.yaml --hook "
                    "configure-clone=/etc/shop/schema.sh"},
       .run = runCreateEmpty,
       .required = {"basedir", "user"},
       .plan = plan("create-empty")},
      {.name = "snapshot",
       .summary = "take a snapshot of a VDB",
       .description = "",
       .parameters = kHome,
       .positionals = {"name"},
       .examples = {"dlpx-mysql-engine snapshot dev", "dlpx-mysql-engine snapshot dev --json"},
       .run = runSnapshot,
       .plan = plan("snapshot")},
      {.name = "refresh",
       .summary = "let a VDB jump to a snapshot of its parent",
       .description = "To the newest unless one is named. What the VDB held is gone, but for its own "
                      "snapshots. When the "
                      "refresh fails the VDB is what it was.",
       .parameters = kHome + Names{"to"},
       .positionals = {"name"},
       .examples = {"dlpx-mysql-engine refresh dev", "dlpx-mysql-engine refresh dev --to 20260131T134500Z"},
       .run = runRefresh,
       .plan = plan("refresh")},
      {.name = "rewind",
       .summary = "let a VDB return to a snapshot of its own",
       .description = "To the newest unless one is named. Later snapshots stay: it can go forth again.",
       .parameters = kHome + Names{"to"},
       .positionals = {"name"},
       .examples = {"dlpx-mysql-engine rewind dev", "dlpx-mysql-engine rewind dev --to 20260131T134500Z"},
       .run = runRewind,
       .plan = plan("rewind")},
      {.name = "start",
       .summary = "start a VDB",
       .description = "",
       .parameters = kHome,
       .positionals = {"name"},
       .examples = {"dlpx-mysql-engine start dev", "dlpx-mysql-engine start dev --json"},
       .run = runStart,
       .plan = plan("start")},
      {.name = "stop",
       .summary = "stop a VDB; a reboot does not start it again",
       .description = "",
       .parameters = kHome,
       .positionals = {"name"},
       .examples = {"dlpx-mysql-engine stop dev", "dlpx-mysql-engine stop dev --json"},
       .run = runStop,
       .plan = plan("stop")},
  };
}

std::vector<CommandSpec> lifeCommands() {
  return {
      {.name = "enable",
       .summary = "let a dSource or VDB run",
       .description = "",
       .parameters = kHome,
       .positionals = {"name"},
       .examples = {"dlpx-mysql-engine enable shop", "dlpx-mysql-engine enable dev"},
       .run = runEnable,
       .plan = plan("enable")},
      {.name = "disable",
       .summary = "stop a dSource or VDB and let go of its mount",
       .description = "",
       .parameters = kHome,
       .positionals = {"name"},
       .examples = {"dlpx-mysql-engine disable shop", "dlpx-mysql-engine disable dev"},
       .run = runDisable,
       .plan = plan("disable")},
      {.name = "delete",
       .summary = "delete a dSource, a VDB or one snapshot",
       .description = "Refused while something else was made from it. What is not there is a success.",
       .parameters = kHome,
       .positionals = {"name"},
       .examples = {"dlpx-mysql-engine delete dev", "dlpx-mysql-engine delete shop@20260131T134500Z"},
       .run = runDelete,
       .plan = plan("delete")},
      {.name = "retention",
       .summary = "remove snapshots that no rule keeps",
       .description =
           "Of one dSource or VDB, or of all. The newest of each and what has dependents always stay.",
       .parameters = kHome + Names{"keep-last", "keep-hourly", "keep-daily", "keep-weekly", "keep-for"},
       .positionals = {"name?"},
       .examples = {"dlpx-mysql-engine retention --keep-last 10",
                    "dlpx-mysql-engine retention shop --keep-hourly 24 --keep-daily 7 --keep-weekly 4"},
       .run = runRetention,
       .plan = plan("retention")},
      {.name = "up",
       .summary = "after a reboot: mount the pools and start what is enabled",
       .description = "",
       .parameters = kHome,
       .positionals = {},
       .examples = {"dlpx-mysql-engine up", "dlpx-mysql-engine up --json"},
       .run = runUp,
       .plan = plan("up")},
      {.name = "list",
       .summary = "list dSources and VDBs",
       .description = "",
       .parameters = kHome,
       .positionals = {},
       .examples = {"dlpx-mysql-engine list", "dlpx-mysql-engine list --json"},
       .run = runList},
      {.name = "snapshots",
       .summary = "list the snapshots of a dSource or VDB",
       .description = "",
       .parameters = kHome,
       .positionals = {"name"},
       .examples = {"dlpx-mysql-engine snapshots shop", "dlpx-mysql-engine snapshots shop --json"},
       .run = runSnapshots},
      {.name = "size",
       .summary = "tell how much the data of a dSource or VDB take",
       .description = "And how much of it is its own, shared with no snapshot and no clone.",
       .parameters = kHome,
       .positionals = {"name"},
       .examples = {"dlpx-mysql-engine size dev", "dlpx-mysql-engine size shop --json"},
       .run = runSize},
      {.name = "status",
       .summary = "tell whether dSources and VDBs run, and what they own",
       .description = "Pools that are not mounted are mounted.",
       .parameters = kHome,
       .positionals = {"name?"},
       .examples = {"dlpx-mysql-engine status", "dlpx-mysql-engine status dev --json"},
       .run = runStatus},
  };
}

}  // namespace

int main(int argc, char** argv) {
  AppSpec app = {
      "dlpx-mysql-engine", "thin copies of MySQL servers on one host: snapshots, VDBs, their whole life", {}};
  for (const auto& commands : {poolCommands(), dsourceCommands(), vdbCommands(), lifeCommands()}) {
    app.commands.insert(app.commands.end(), commands.begin(), commands.end());
  }
  return runApp(app, engineLogDirectory, argc, argv);
}
