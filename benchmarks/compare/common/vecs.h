// Readers for the TEXMEX layout: every row is an int32 dimension followed by that many elements.
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

template <typename T>
struct Matrix {
    size_t rows = 0;
    size_t dim = 0;
    std::vector<T> data;

    const T *row(size_t i) const { return data.data() + i * dim; }
};

inline std::vector<char> read_bytes(const std::string &path) {
    std::ifstream in(path, std::ios::binary | std::ios::ate);
    if (!in) throw std::runtime_error("cannot open " + path);
    std::vector<char> bytes(static_cast<size_t>(in.tellg()));
    in.seekg(0);
    if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) throw std::runtime_error("cannot read " + path);
    return bytes;
}

inline float half_to_float(uint16_t h) {
    _Float16 half;
    std::memcpy(&half, &h, sizeof half);
    return static_cast<float>(half);
}

template <typename Stored, typename T, typename Convert>
Matrix<T> read_rows(const std::string &path, Convert convert) {
    const std::vector<char> bytes = read_bytes(path);
    Matrix<T> m;
    if (bytes.size() < 4) throw std::runtime_error(path + " is empty");
    int32_t dim;
    std::memcpy(&dim, bytes.data(), 4);
    const size_t row_bytes = 4 + static_cast<size_t>(dim) * sizeof(Stored);
    if (dim <= 0 || bytes.size() % row_bytes != 0) throw std::runtime_error(path + " is not made of whole rows");
    m.dim = static_cast<size_t>(dim);
    m.rows = bytes.size() / row_bytes;
    m.data.resize(m.rows * m.dim);
    for (size_t i = 0; i < m.rows; i++) {
        const char *row = bytes.data() + i * row_bytes;
        int32_t row_dim;
        std::memcpy(&row_dim, row, 4);
        if (row_dim != dim) throw std::runtime_error(path + " has rows of different dimensions");
        for (size_t j = 0; j < m.dim; j++) {
            Stored s;
            std::memcpy(&s, row + 4 + j * sizeof(Stored), sizeof(Stored));
            m.data[i * m.dim + j] = convert(s);
        }
    }
    return m;
}

inline Matrix<int32_t> read_ivecs(const std::string &path) {
    return read_rows<int32_t, int32_t>(path, [](int32_t x) { return x; });
}

inline Matrix<float> read_vectors(const std::string &path) {
    const std::string ext = path.substr(path.rfind('.') + 1);
    if (ext == "bvecs") return read_rows<uint8_t, float>(path, [](uint8_t x) { return static_cast<float>(x); });
    if (ext == "f16vecs") return read_rows<uint16_t, float>(path, half_to_float);
    if (ext == "fvecs") return read_rows<float, float>(path, [](float x) { return x; });
    throw std::runtime_error(path + ": expected .bvecs, .f16vecs or .fvecs");
}
