#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dlpx {

// Columns that UTF-8 text takes on a terminal: two for an emoji or an ideograph, none for what joins the
// character before it. Whatever the locale.
size_t columnsOf(std::string_view text);

// The text where it has that many columns at most, else its beginning and "…".
std::string shortenedTo(std::string_view text, size_t columns);

}  // namespace dlpx
