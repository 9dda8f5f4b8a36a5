#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dlpx {

// A set of global transaction identifiers, with the tags of MySQL 8.3. White space and newlines are
// tolerated, UUIDs and tags have no case; the text is what the server writes (without its newlines).
class GtidSet {
 public:
  GtidSet() = default;
  // "uuid:1-5:8,uuid:tag:1-3"; throws Error{internal} naming the part that is wrong.
  static GtidSet parse(std::string_view text);

  bool empty() const { return sources_.empty(); }
  // Number of transactions.
  uint64_t count() const;
  // Sorted by UUID and tag, intervals merged: "uuid:1-5:8:tag:1-3,uuid2:7".
  std::string text() const;
  // True when each transaction of `subset` is in this set.
  bool contains(const GtidSet& subset) const;
  // What is in this set and not in `other`.
  GtidSet subtract(const GtidSet& other) const;
  GtidSet unite(const GtidSet& other) const;
  void add(const GtidSet& other) { *this = unite(other); }
  // The UUIDs in it, sorted.
  std::vector<std::string> uuids() const;
  // The part with this UUID, all tags: what one server wrote.
  GtidSet ofUuid(std::string_view uuid) const;

  friend bool operator==(const GtidSet&, const GtidSet&) = default;

 private:
  using Intervals = std::vector<std::pair<uint64_t, uint64_t>>;  // sorted, disjoint, both ends included
  using Key = std::pair<std::string, std::string>;               // UUID and tag, lower case

  std::map<Key, Intervals> sources_;
};

}  // namespace dlpx
