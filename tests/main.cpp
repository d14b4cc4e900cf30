#define BOOST_TEST_MODULE libflow
#include <boost/test/unit_test.hpp>
