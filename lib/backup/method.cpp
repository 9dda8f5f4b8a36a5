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

MethodChoice methodFor(Method wanted, const CloneVerdict& clone) {
  switch (wanted) {
    case Method::automatic:
      if (clone.fits) return {Method::clone, "it is the fastest and fits this source", {}};
      return {Method::dump, "it works for every source", {{Method::clone, clone.reason}}};
    case Method::clone:
      if (clone.fits) return {Method::clone, "it was asked for", {}};
      throw Error(ExitCode::preflight, "method clone does not fit this source: " + clone.reason,
                  clone.remedy.empty() ? "use --method auto or --method dump"
                                       : clone.remedy + ", or use --method dump");
    case Method::dump:
      return {Method::dump, "it was asked for", {}};
    case Method::copy:
    case Method::file:
      break;
  }
  throw Error(ExitCode::usage, "method " + std::string(text(wanted)) + " is not available yet",
              "use --method auto, dump or clone");
}

}  // namespace dlpx
