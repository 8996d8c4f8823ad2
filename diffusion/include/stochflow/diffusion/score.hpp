#pragma once

#include "stochflow/diffusion/noise_predictor.hpp"
