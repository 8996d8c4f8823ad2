#pragma once

// What every question's program is (main is in support/main.cpp), and what it writes with
// --json FILE: a list of records with the same fields.

#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace bench {

/// Defined by each question: asks, prints, writes. Returns the program's exit code.
int measure(int argc, char** argv);

/// A number that makes no sense for a question stays NaN and is written as null.
struct Record {
  std::string question, competitor;
  int threads = 1;
  double ns_per_step = NAN;
  double ratio_to_limit = NAN;  // time over that of the loop by hand
  double ratio_to_us = NAN;     // time over that of the question's first competitor
  double answer = NAN, exact = NAN;
  std::map<std::string, double> more = {};  // what only this question has
};

/// Takes `--json FILE` out of the command line: the file, or nothing.
std::string take_json(int& argc, char** argv);

/// Nothing for an empty name. Throws std::runtime_error when the file cannot be written.
void write_records(const std::string& file, const std::vector<Record>& records);

}  // namespace bench
