#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include <flow/error.hpp>

namespace flow::test {

/// Every part must be in the text.
inline void check_says(const std::string& text, std::initializer_list<std::string_view> parts) {
  for (const auto part : parts) {
    BOOST_CHECK_MESSAGE(text.find(part) != std::string::npos, "\"" << part << "\" is missing in: " << text);
  }
}

/// `body` must throw an error of this code, whose message holds every part.
template <class Body>
void check_refused(errc code, std::initializer_list<std::string_view> parts, Body body) {
  try {
    body();
  } catch (const error& e) {
    BOOST_CHECK_MESSAGE(e.code() == code,
                        "the code is " << to_string(e.code()) << ", not " << to_string(code) << ": " << e.what());
    return check_says(e.what(), parts);
  }
  BOOST_ERROR("nothing was refused");
}

}  // namespace flow::test
