#include "support/records.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace bench {
namespace {

nlohmann::ordered_json number(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

}  // namespace

std::string take_json(int& argc, char** argv) {
  std::string file;
  int kept = 1;
  for (int k = 1; k < argc; ++k) {
    if (std::string(argv[k]) == "--json" && k + 1 < argc) {
      file = argv[++k];
    } else {
      argv[kept++] = argv[k];
    }
  }
  argc = kept;
  return file;
}

void write_records(const std::string& file, const std::vector<Record>& records) {
  if (file.empty()) return;
  std::ofstream out(file);
  out << "[\n";
  for (std::size_t k = 0; k < records.size(); ++k) {
    const Record& record = records[k];
    nlohmann::ordered_json entry{{"question", record.question},
                                 {"competitor", record.competitor},
                                 {"threads", record.threads},
                                 {"ns_per_step", number(record.ns_per_step)},
                                 {"ratio_to_limit", number(record.ratio_to_limit)},
                                 {"ratio_to_us", number(record.ratio_to_us)},
                                 {"answer", number(record.answer)},
                                 {"exact", number(record.exact)}};
    for (const auto& [name, value] : record.more) entry[name] = number(value);
    // One a line, and the brackets on lines of their own: ./stochflow bench joins the lists so.
    out << "  " << entry.dump() << (k + 1 < records.size() ? ",\n" : "\n");
  }
  out << "]\n";
  if (!out.flush()) throw std::runtime_error("cannot write '" + file + "'");
}

}  // namespace bench
