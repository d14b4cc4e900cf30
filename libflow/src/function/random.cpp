#include <array>
#include <random>

#include <arrow/api.h>

#include "function/register.hpp"
#include "function/row_kernels.hpp"
#include "function/signature.hpp"

namespace flow {

namespace {

using arguments_span = std::span<const arrow::Datum>;

std::uint64_t seed_of(arguments_span v) {
  if (!v.empty()) return static_cast<std::uint64_t>(reader<std::int64_t>(v[0])[0]);
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

template <class Distribution>
bind_rule random_rule(Distribution distribution) {
  return [=](bound_list a) -> scalar_binding {
    auto kernel = [=](arguments_span v, std::int64_t rows, const evaluation_context& context) -> arrow::Datum {
      std::mt19937_64 engine(seed_of(v) + static_cast<std::uint64_t>(context.batch_id));
      auto draw = distribution;
      auto buffer = allocate(rows * 8);
      auto* out = reinterpret_cast<double*>(buffer->mutable_data());
      for (std::int64_t i = 0; i < rows; ++i) out[i] = draw(engine);
      return fixed_data(types::float64(), rows, std::move(buffer), {});
    };
    return {std::move(a), types::float64(), kernel, false};
  };
}

arrow::Datum uuid_kernel(arguments_span v, std::int64_t rows, const evaluation_context&) {
  static constexpr char digits[] = "0123456789abcdef";
  std::mt19937_64 engine(seed_of(v));
  string_sink out(rows, rows * 36);
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::array<std::uint64_t, 2> words{(engine() & ~0xF000ull) | 0x4000ull, (engine() & ~(3ull << 62)) | 1ull << 63};
    for (int k = 0; k < 32; ++k) {
      if (k == 8 || k == 12 || k == 16 || k == 20) out.push('-');
      out.push(digits[words[static_cast<std::size_t>(k / 16)] >> (60 - k % 16 * 4) & 15]);
    }
    out.next();
  }
  return out.finish(types::string(), {});
}

}  // namespace

void register_random(function_catalog& c) {
  define(c, {"rand", "rand([seed])", "A random number from 0 to 1."}, takes({accepts::bigint}, 0),
         random_rule(std::uniform_real_distribution<double>(0, 1)));
  define_synonyms(c, {"random"});
  define(c, {"randn", "randn([seed])", "A random number of the standard normal distribution."}, takes({accepts::bigint}, 0),
         random_rule(std::normal_distribution<double>()));
  define(c, {"uuid", "uuid()", "A random UUID."}, takes({}),
         [](bound_list a) -> scalar_binding { return {std::move(a), types::string(), uuid_kernel, false}; });
}

}  // namespace flow
