#include <ATen/ATen.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "stochflow/diffusion/checkpoint.hpp"

namespace stochflow::diffusion {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

struct TypeName {
  at::ScalarType type;
  const char* name;
};
constexpr TypeName type_names[] = {{at::kFloat, "F32"},
                                   {at::kHalf, "F16"},
                                   {at::kDouble, "F64"},
                                   {at::kLong, "I64"},
                                   {at::kByte, "U8"}};

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& sentence) {
  throw std::runtime_error(file.string() + ": " + sentence);
}

const char* name_of(at::ScalarType type, const std::filesystem::path& file) {
  for (const TypeName& t : type_names) {
    if (t.type == type) return t.name;
  }
  fail(file, "tensors of this element type cannot be stored");
}

at::ScalarType type_of(const std::string& name, const std::filesystem::path& file) {
  for (const TypeName& t : type_names) {
    if (name == t.name) return t.type;
  }
  fail(file, "element type " + name + " is not supported (F32, F16, F64, I64, U8 are)");
}

}  // namespace

void write_tensors(const std::filesystem::path& file, const TensorFile& content) {
  nlohmann::json header = nlohmann::json::object();
  header["__metadata__"] = content.metadata;
  std::size_t offset = 0;
  std::vector<at::Tensor> tensors;
  for (const auto& [name, tensor] : content.tensors) {
    tensors.push_back(tensor.detach().cpu().contiguous());
    const std::size_t end = offset + tensors.back().nbytes();
    header[name] = {{"dtype", name_of(tensor.scalar_type(), file)},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const auto length = static_cast<std::uint64_t>(text.size());

  const std::filesystem::path temporary = file.string() + ".tmp" + std::to_string(getpid());
  {
    std::ofstream out(temporary, std::ios::binary);
    out.write(reinterpret_cast<const char*>(&length), sizeof length);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    for (const at::Tensor& t : tensors) {
      out.write(static_cast<const char*>(t.data_ptr()), static_cast<std::streamsize>(t.nbytes()));
    }
    out.close();
    if (!out) {
      std::error_code ignored;
      std::filesystem::remove(temporary, ignored);
      fail(file, "cannot be written (is the folder there, and the disk not full?)");
    }
  }
  std::filesystem::rename(temporary, file);
}

TensorFile read_tensors(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) fail(file, "there is no such file, or it cannot be read");
  const std::uint64_t size = std::filesystem::file_size(file);
  std::uint64_t length = 0;
  in.read(reinterpret_cast<char*>(&length), sizeof length);
  if (!in || length > size - sizeof length) {
    fail(file, "not a safetensors file, or cut off in its header");
  }
  std::string text(length, '\0');
  in.read(text.data(), static_cast<std::streamsize>(length));
  const std::uint64_t start = sizeof length + length;
  TensorFile content;
  try {
    const nlohmann::json header = nlohmann::json::parse(text);
    std::uint64_t expected = 0;
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__") {
        content.metadata = entry.get<std::map<std::string, std::string>>();
        continue;
      }
      const auto type = type_of(entry.at("dtype").get<std::string>(), file);
      const auto shape = entry.at("shape").get<std::vector<std::int64_t>>();
      const auto offsets = entry.at("data_offsets").get<std::vector<std::uint64_t>>();
      std::uint64_t bytes = at::elementSize(type);
      for (const std::int64_t n : shape) {
        if (n < 0 || (n > 0 && bytes > size / static_cast<std::uint64_t>(n))) {
          fail(file,
               "tensor " + name +
                   " would be larger than the file: it was cut off, or its header "
                   "is damaged");
        }
        bytes *= static_cast<std::uint64_t>(n);
      }
      if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > size - start ||
          offsets[1] - offsets[0] != bytes) {
        fail(file, "tensor " + name + " does not lie inside the file; it is cut off or damaged");
      }
      at::Tensor tensor = at::empty(shape, type);
      in.seekg(static_cast<std::streamoff>(start + offsets[0]));
      in.read(static_cast<char*>(tensor.data_ptr()), static_cast<std::streamsize>(bytes));
      if (!in) fail(file, "tensor " + name + " is cut off");
      content.tensors[name] = tensor;
      expected = std::max(expected, offsets[1]);
    }
    if (expected != size - start) fail(file, "bytes left over after the last tensor");
  } catch (const nlohmann::json::exception&) {
    fail(file, "its header is not the JSON of a safetensors file");
  }
  return content;
}

}  // namespace stochflow::diffusion
