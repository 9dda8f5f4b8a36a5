#pragma once

// Catch2 2 (one header) and 3 (a library): the tests include this file and work with both.
#ifdef DLPX_CATCH3
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
