#include "sinks/console_sink.hpp"

#include <charconv>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "flow/error.hpp"
#include "flow/table_text.hpp"

namespace flow {

namespace {

struct console_layout {
  int rows = 20;
  int width = 20;  // 0: nothing is cut.
  std::string description;
};

int read_width(const std::string& text) {
  if (text == "true") return 20;
  if (text == "false") return 0;
  int width = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), width);
  if (failure == std::errc{} && end == text.data() + text.size() && width >= 0) return width;
  throw error(errc::invalid_option,
              "option \"truncate\" has the value \"" + text + "\"; expected true, false or a number of characters");
}

console_layout read_layout(const options& settings) {
  console_layout layout;
  layout.rows = static_cast<int>(settings.integer("numRows", 20, 0, std::numeric_limits<int>::max()));
  const auto truncate = settings.text("truncate", "true");
  layout.width = read_width(truncate);
  layout.description = "ConsoleSink[numRows=" + std::to_string(layout.rows) + ", truncate=" + truncate + "]";
  settings.finish("format \"console\"");
  return layout;
}

class console_sink final : public sink {
 public:
  console_sink(console_layout layout, std::ostream& out) : layout_(std::move(layout)), out_(out) {}

  void open(const sink_context& context) override {
    schema_ = context.schema;
    continuous_ = context.continuous;
  }

  void write(epoch, const batch& rows) override {
    // One row more than is printed says that there are more.
    if (held_ > layout_.rows || rows->num_rows() == 0) return;
    rows_.push_back(rows);
    held_ += rows->num_rows();
  }

  nlohmann::json prepare(epoch e) override {
    // Continuous epochs come by the clock: those without news are not worth a table.
    if (!continuous_ || !rows_.empty()) print(e);
    rows_.clear();
    held_ = 0;
    return nullptr;
  }

  void close() override { rows_.clear(); }

  std::string description() const override { return layout_.description; }

 private:
  void print(epoch e) {
    constexpr const char* rule = "-------------------------------------------\n";
    out_ << rule << "Batch: " << e.batch_id() << '\n'
         << rule << table_text(*schema_, rows_, layout_.rows, layout_.width) << '\n';
    if (!out_.flush())
      throw error(errc::unwritable_output, "cannot write the console's table: standard output is full or closed");
  }

  console_layout layout_;
  std::ostream& out_;
  schema_ptr schema_;
  bool continuous_ = false;
  std::vector<batch> rows_;
  std::int64_t held_ = 0;
};

class console_sink_provider final : public sink_provider {
 public:
  console_sink_provider(console_layout layout, std::ostream& out) : layout_(std::move(layout)), out_(out) {}

  std::string description() const override { return layout_.description; }
  nlohmann::json signature() const override { return {{"format", "console"}}; }
  void check(const arrow::Schema&, output_mode) const override {}
  std::unique_ptr<sink> make() const override { return std::make_unique<console_sink>(layout_, out_); }

 private:
  console_layout layout_;
  std::ostream& out_;
};

}  // namespace

sink_provider_ptr make_console_sink(const sink_request& request, std::ostream& out) {
  if (!request.partition_by.empty()) throw error(errc::invalid_option, "partition_by has no meaning for format \"console\"");
  return std::make_shared<console_sink_provider>(read_layout(request.options), out);
}

}  // namespace flow
