#pragma once
// What nearly every file includes and is slow to read. Precompiled once for all rooms (compile_time.cmake).
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <nlohmann/json.hpp>
