#include <boost/test/unit_test.hpp>

// Written out instead of BOOST_TEST_MODULE, which would have to come before the precompiled header.
int main(int argc, char** argv) {
  return boost::unit_test::unit_test_main(
      [] {
        boost::unit_test::framework::master_test_suite().p_name.value = "libflow";
        return true;
      },
      argc, argv);
}
