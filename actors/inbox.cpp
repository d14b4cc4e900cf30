#include "actors/inbox.hpp"

namespace flow {

inbox::inbox(std::size_t edges, std::uint32_t window) : edges_(edges, queue{{}, credit_return(window)}), aligner_(edges) {}

void inbox::put(std::uint32_t edge, stream_item item) {
  edges_[edge].items.push_back(std::move(item));
  ++waiting_;
}

std::optional<inbox::arrival> inbox::take() {
  for (std::size_t tried = 0; tried < edges_.size() && waiting_ > 0;) {
    if (next_ == edges_.size()) next_ = 0;
    const auto edge = next_++;
    auto& from = edges_[edge];
    if (from.items.empty() || aligner_.is_blocked(edge)) {
      ++tried;
      continue;
    }
    auto item = std::move(from.items.front());
    from.items.pop_front();
    --waiting_;
    if (const auto* mark = std::get_if<barrier>(&item); mark && !aligner_.mark(edge, mark->number)) {
      tried = 0;
      continue;
    }
    const auto credit = std::holds_alternative<batch>(item) ? from.credit.taken() : 0;
    return arrival{static_cast<std::uint32_t>(edge), std::move(item), credit};
  }
  return std::nullopt;
}

}  // namespace flow
