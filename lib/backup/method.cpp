#include "backup/method.h"

#include "base/error.h"
#include "base/text.h"

namespace dlpx {

std::string_view text(Method method) {
  switch (method) {
    case Method::automatic:
      return "auto";
    case Method::clone:
      return "clone";
    case Method::copy:
      return "copy";
    case Method::dump:
      return "dump";
    case Method::file:
      return "file";
  }
  return "unknown";
}

std::optional<Method> parseMethod(std::string_view word) {
  const std::string lower = toLower(word);
  for (const Method method : {Method::automatic, Method::clone, Method::copy, Method::dump, Method::file}) {
    if (lower == text(method)) return method;
  }
  return std::nullopt;
}

namespace {

Error doesNotFit(Method method, const MethodVerdict& verdict) {
  return Error(ExitCode::preflight,
               "method " + std::string(text(method)) + " does not fit this source: " + verdict.reason,
               verdict.remedy.empty() ? "use --method auto or --method dump"
                                      : verdict.remedy + ", or use --method dump");
}

MethodChoice fastest(const MethodVerdict& clone, const MethodVerdict& copy) {
  if (clone.fits) return {Method::clone, "it is the fastest and fits this source", {}};
  const MethodChoice::Rejected noClone{Method::clone, clone.reason};
  if (copy.fits)
    return {Method::copy, "it is the fastest that fits: clone does not, " + clone.reason, {noClone}};
  return {Method::dump,
          "it works for every source: clone does not fit, " + clone.reason + "; copy does not fit, " +
              copy.reason,
          {noClone, {Method::copy, copy.reason}}};
}

}  // namespace

MethodChoice methodFor(Method wanted, const MethodVerdict& clone, const MethodVerdict& copy) {
  switch (wanted) {
    case Method::automatic:
      return fastest(clone, copy);
    case Method::clone:
      if (!clone.fits) throw doesNotFit(wanted, clone);
      break;
    case Method::copy:
      if (!copy.fits) throw doesNotFit(wanted, copy);
      break;
    case Method::dump:
      break;
    case Method::file:
      throw Error(ExitCode::usage, "method file is not available yet",
                  "use --method auto, clone, copy or dump");
  }
  return {wanted, "it was asked for", {}};
}

}  // namespace dlpx
