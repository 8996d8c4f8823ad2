#pragma once

// The file in which a long ensemble keeps the trajectories that are done. It is written under a
// temporary name and renamed, so that there is always either the last state or the one before, and
// it is opened only for the ensemble that wrote it: the options must agree, and the first leaf,
// computed again, must have the same bits, which tells another equation, method, start, grid or
// observable. What writes and reads it is ensemble/rounds.hpp.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "stochflow/ensemble/result_bytes.hpp"

namespace stochflow {

/// What is asked of an ensemble, as bytes: equal for equal questions.
inline std::string question_bytes(const EnsembleOptions& options) {
  ByteWriter out;
  out.write(options.trajectories);
  out.write(options.seed);
  out.write(options.save_at);
  out.write(options.keep_values);
  out.write(static_cast<std::uint64_t>(options.quantile_buffer));
  out.write(detail::leaf_size);
  return out.take();
}

class EnsembleCheckpoint {
 public:
  /// `first_leaf` is leaf 0 of the ensemble.
  EnsembleCheckpoint(std::filesystem::path file,
                     const EnsembleOptions& options,
                     const EnsembleResult& first_leaf)
      : file_(std::move(file)), question_(checksum(question_bytes(options))) {
    ByteWriter leaf;
    leaf.write(first_leaf);
    first_leaf_ = checksum(leaf.take());
  }

  /// The leaves that are done: none when there is no file. Throws std::runtime_error for a file
  /// that is damaged, std::invalid_argument for one of another ensemble.
  LeafRange<EnsembleResult> load() const {
    if (!std::filesystem::exists(file_)) return LeafRange<EnsembleResult>(0);
    std::ifstream stream(file_, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    constexpr std::size_t sum_size = sizeof(std::uint64_t);
    const std::string_view body =
        std::string_view(bytes).substr(0, bytes.size() < sum_size ? 0 : bytes.size() - sum_size);
    std::uint64_t magic_found = 0, sum = 0, question = 0, first_leaf = 0;
    try {
      ByteReader(std::string_view(bytes).substr(body.size())).read(sum);
      ByteReader in(body);
      in.read(magic_found);
      if (magic_found != magic || sum != checksum(body)) throw std::runtime_error("changed");
      in.read(question);
      in.read(first_leaf);
      if (question == question_ && first_leaf == first_leaf_) return read_range(in);
    } catch (const std::runtime_error&) {
      throw std::runtime_error("'" + file_.string() +
                               "' is not a checkpoint of an ensemble, or it is damaged: remove it "
                               "to start from the beginning");
    }
    throw std::invalid_argument("the checkpoint '" + file_.string() + "' is of another ensemble (" +
                                (question != question_
                                     ? "other trajectories, seed or save times"
                                     : "another equation, method, start, grid or observable") +
                                "): remove it, or name another file");
  }

  /// Throws std::runtime_error where it cannot be written.
  void save(const LeafRange<EnsembleResult>& done) const {
    ByteWriter out;
    out.write(magic);
    out.write(question_);
    out.write(first_leaf_);
    write_range(out, done);
    std::string bytes = out.take();
    ByteWriter sum;
    sum.write(checksum(bytes));
    bytes += sum.take();

    std::filesystem::path temporary = file_;
    temporary += ".partial";
    std::error_code error;
    {
      std::ofstream stream(temporary, std::ios::binary);
      stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      stream.close();
      if (!stream) error = std::make_error_code(std::errc::io_error);
    }
    if (!error) std::filesystem::rename(temporary, file_, error);
    if (error) {
      std::error_code ignored;
      std::filesystem::remove(temporary, ignored);
      throw std::runtime_error("cannot write the checkpoint '" + file_.string() +
                               "': is there such a folder, and room on the disk?");
    }
  }

 private:
  static constexpr std::uint64_t magic = 0x31'6b'63'66'6f'74'73'01;  // read back wrongly elsewhere

  std::filesystem::path file_;
  std::uint64_t question_, first_leaf_ = 0;
};

}  // namespace stochflow
