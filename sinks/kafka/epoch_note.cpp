#include "sinks/kafka/epoch_note.hpp"

namespace flow {

namespace {

std::string text_of(epoch e) { return std::to_string(e.value); }

}  // namespace

std::optional<epoch_note> epoch_note::find(const nlohmann::json& prepared) {
  if (!prepared.is_object() || !prepared.contains("marker")) return std::nullopt;
  return epoch_note{{prepared.at("marker").get<std::uint64_t>()},
                    {prepared.at("before").get<std::uint64_t>()},
                    prepared.at("topics").get<std::vector<std::string>>()};
}

epoch last_visible(epoch newest, const epoch_note& note, std::optional<epoch> shown, const std::string& group) {
  if (!shown) {
    throw error(
        errc::checkpoint_mismatch,
        "the checkpoint ends at epoch " + text_of(newest) + ", but the brokers hold no marker of it in group \"" + group +
            "\": it has expired (offsets.retention.minutes after the last epoch that had rows), was deleted, or "
            "kafka.bootstrap.servers names other brokers. Whether that epoch's records were committed cannot be known. "
            "Run once with deliveryGuarantee at-least-once, which writes the epoch again, or look at the topic's end and "
            "start anew with another checkpoint");
  }
  if (*shown == note.marker) return newest;
  if (*shown == note.before) return {newest.value - 1};
  if (*shown > note.marker) throw older_than_output(newest, *shown, group);
  throw error(errc::checkpoint_mismatch,
              "the brokers' marker in group \"" + group + "\" says that epoch " + text_of(*shown) +
                  " was the last one written, but the checkpoint goes on from epoch " + text_of(note.before) +
                  ": epochs between them are lost on the brokers; start anew with another checkpoint");
}

error older_than_output(epoch newest, epoch shown, const std::string& group) {
  return {errc::checkpoint_mismatch, "the brokers' marker in group \"" + group + "\" says that epoch " + text_of(shown) +
                                         " was written, but the checkpoint ends at epoch " + text_of(newest) +
                                         ": the checkpoint is older than the output; restore the newer checkpoint"};
}

}  // namespace flow
