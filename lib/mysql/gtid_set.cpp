#include "mysql/gtid_set.h"

#include <algorithm>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace dlpx {

namespace {

using Interval = std::pair<uint64_t, uint64_t>;

Error bad(const std::string& part) {
  return Error(ExitCode::internal, "'" + part.substr(0, 100) + "' is not part of a GTID set",
               "Give a set such as uuid:1-5,uuid:7.");
}

std::string withoutSpace(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') out += c;
  return out;
}

// Lower case, with the dashes where a UUID has them; the server also takes it without and in braces.
std::string uuidOf(const std::string& part) {
  std::string digits;
  for (const char c : toLower(part)) {
    if (c == '-' || c == '{' || c == '}') continue;
    if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) throw bad(part);
    digits += c;
  }
  if (digits.size() != 32) throw bad(part);
  for (const size_t at : {8u, 13u, 18u, 23u}) digits.insert(at, 1, '-');
  return digits;
}

bool isTag(const std::string& part) {
  if (part.empty() || part.size() > 32) return false;
  if (part[0] != '_' && (part[0] < 'a' || part[0] > 'z')) return false;
  return part.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

uint64_t numberOf(const std::string& digits, const std::string& part) {
  if (digits.empty() || digits.size() > 19 || digits.find_first_not_of("0123456789") != std::string::npos)
    throw bad(part);
  const uint64_t number = std::stoull(digits);
  if (number == 0 || number >= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) throw bad(part);
  return number;
}

// An end before its begin is an empty interval, as the server reads it.
std::optional<Interval> intervalOf(const std::string& part) {
  const size_t dash = part.find('-');
  const uint64_t first = numberOf(part.substr(0, dash), part);
  if (dash == std::string::npos) return Interval(first, first);
  const std::string end = part.substr(dash + 1);
  const uint64_t last = end == "0" ? 0 : numberOf(end, part);
  if (last < first) return std::nullopt;
  return Interval(first, last);
}

// Sorted, with overlapping and adjacent intervals made one.
std::vector<Interval> merged(std::vector<Interval> intervals) {
  std::sort(intervals.begin(), intervals.end());
  std::vector<Interval> out;
  for (const auto& interval : intervals) {
    if (!out.empty() && interval.first <= out.back().second + 1) {
      out.back().second = std::max(out.back().second, interval.second);
    } else {
      out.push_back(interval);
    }
  }
  return out;
}

std::vector<Interval> difference(const std::vector<Interval>& from, const std::vector<Interval>& less) {
  std::vector<Interval> out;
  auto cut = less.begin();
  for (auto [first, last] : from) {
    while (cut != less.end() && cut->second < first) ++cut;
    bool rest = true;
    for (auto hole = cut; hole != less.end() && hole->first <= last; ++hole) {
      if (hole->first > first) out.emplace_back(first, hole->first - 1);
      first = hole->second + 1;
      rest = first <= last;
      if (!rest) break;
    }
    if (rest) out.emplace_back(first, last);
  }
  return out;
}

}  // namespace

GtidSet GtidSet::parse(std::string_view text) {
  GtidSet set;
  for (const auto& source : split(withoutSpace(text), ',')) {
    if (source.empty()) continue;
    const auto parts = split(source, ':');
    if (parts.size() < 2) throw bad(source);
    Key key(uuidOf(parts[0]), {});
    bool intervalSeen = true;  // the last tag has one
    for (size_t i = 1; i < parts.size(); ++i) {
      const std::string part = toLower(parts[i]);
      if (isTag(part)) {
        if (!intervalSeen) throw bad(source);
        key.second = part;
        intervalSeen = false;
        continue;
      }
      if (const auto interval = intervalOf(part)) set.sources_[key].push_back(*interval);
      intervalSeen = true;
    }
    if (!intervalSeen) throw bad(source);
  }
  for (auto& [key, intervals] : set.sources_) intervals = merged(std::move(intervals));
  return set;
}

uint64_t GtidSet::count() const {
  uint64_t count = 0;
  for (const auto& [key, intervals] : sources_)
    for (const auto& [first, last] : intervals) count += last - first + 1;
  return count;
}

std::string GtidSet::text() const {
  std::string out;
  std::string uuid;
  for (const auto& [key, intervals] : sources_) {
    if (key.first != uuid) {
      out += (out.empty() ? "" : ",") + key.first;
      uuid = key.first;
    }
    if (!key.second.empty()) out += ":" + key.second;
    for (const auto& [first, last] : intervals) {
      out += ":" + std::to_string(first);
      if (last != first) out += "-" + std::to_string(last);
    }
  }
  return out;
}

bool GtidSet::contains(const GtidSet& subset) const {
  return subset.subtract(*this).empty();
}

GtidSet GtidSet::subtract(const GtidSet& other) const {
  GtidSet out;
  for (const auto& [key, intervals] : sources_) {
    const auto there = other.sources_.find(key);
    auto left = there == other.sources_.end() ? intervals : difference(intervals, there->second);
    if (!left.empty()) out.sources_[key] = std::move(left);
  }
  return out;
}

GtidSet GtidSet::unite(const GtidSet& other) const {
  GtidSet out = *this;
  for (const auto& [key, intervals] : other.sources_) {
    auto& all = out.sources_[key];
    all.insert(all.end(), intervals.begin(), intervals.end());
    all = merged(std::move(all));
  }
  return out;
}

std::vector<std::string> GtidSet::uuids() const {
  std::vector<std::string> out;
  for (const auto& [key, intervals] : sources_)
    if (out.empty() || out.back() != key.first) out.push_back(key.first);
  return out;
}

GtidSet GtidSet::ofUuid(std::string_view uuid) const {
  const std::string wanted = toLower(uuid);
  GtidSet out;
  for (const auto& [key, intervals] : sources_)
    if (key.first == wanted) out.sources_[key] = intervals;
  return out;
}

}  // namespace dlpx
