// Precompiled header of the tests without Asio.
#pragma once

#include "base/pch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
