#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dlpx {

// How a source's data comes to staging (design section 5).
enum class Method { automatic, clone, copy, dump, file };

// "auto", "clone", "copy", "dump", "file".
std::string_view text(Method method);
// Nothing for any other word; case does not count.
std::optional<Method> parseMethod(std::string_view word);

// Whether a method is right for a source, and why not.
struct MethodVerdict {
  bool fits = false;
  std::string
      reason;  // a lower-case fact that ends "… because": "the clone plugin is not active at the source"
  std::string remedy;  // in the imperative; may be empty
  uint64_t bytes = 0;  // estimated size at the source
};

struct MethodChoice {
  struct Rejected {
    Method method;
    std::string reason;
  };
  Method method = Method::dump;
  std::string reason;  // why this one: "clone is the fastest and fits this source"
  std::vector<Rejected> rejected;
};

// The fastest method that is right; `wanted` other than automatic is taken or, when it cannot work, refused
// with Error{preflight} and the verdict's reason. Error{usage} of `file`: it needs no source's verdict.
MethodChoice methodFor(Method wanted, const MethodVerdict& clone, const MethodVerdict& copy);

}  // namespace dlpx
