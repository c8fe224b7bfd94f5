// usearch as two contenders, chosen by --kind: usearch-f32 and usearch-i8.
#include "../common/contender.h"

#include <usearch/index_dense.hpp>

#include <limits>

namespace {

using unum::usearch::index_dense_config_t;
using unum::usearch::index_dense_t;
using unum::usearch::metric_kind_t;
using unum::usearch::metric_punned_t;
using unum::usearch::scalar_kind_t;

// Vectors are taken for the inner product where the metric is cosine: they come normalised, and usearch would compute both norms anew
// for each distance.
class UsearchIndex : public Index {
public:
    explicit UsearchIndex(const Task &task, scalar_kind_t scalar) : task_(task) {
        index_dense_config_t config(task.m, task.efc, 64);
        config.enable_key_lookups = false;
        const metric_kind_t kind = task.metric == Metric::L2 ? metric_kind_t::l2sq_k : metric_kind_t::ip_k;
        index_ = index_dense_t::make(metric_punned_t(task.dim, kind, scalar), config);
    }

    void save(const std::string &file) const override { index_.save(file.c_str()).error.raise(); }

    void load(const std::string &file) override {
        index_.load(file.c_str()).error.raise();
        reserve(index_.size());
    }

    std::string params() const override {
        return "M=" + std::to_string(task_.m) + " efC=" + std::to_string(task_.efc) + " " + index_.metric().isa_name();
    }

    // Nodes, vectors, and the two arrays of pointers to them.
    double bytes_per_vector() const override {
        return static_cast<double>(index_.stats().allocated_bytes) / static_cast<double>(index_.size()) +
               static_cast<double>(index_.metric().bytes_per_vector() + 2 * sizeof(void *));
    }

    std::string set_effort(size_t ef) override {
        index_.change_expansion_search(ef);
        return "ef=" + std::to_string(ef);
    }

protected:
    void reserve(size_t rows) {
        if (!index_.try_reserve({rows, 1})) throw std::runtime_error("no memory for " + std::to_string(rows) + " vectors");
    }

    template <typename Scalar>
    void add(size_t row, const Scalar *vector) {
        index_.add(row, vector).error.raise();
    }

    template <typename Scalar>
    void search_one(const Scalar *query, int64_t *found) {
        auto result = index_.search(query, task_.k);
        result.error.raise();
        for (size_t i = 0; i < result.size(); i++) found[i] = static_cast<int64_t>(result[i].member.key);
    }

    Task task_;

private:
    index_dense_t index_;
};

class F32Index : public UsearchIndex {
public:
    explicit F32Index(const Task &task) : UsearchIndex(task, scalar_kind_t::f32_k) {}

    std::string name() const override { return "usearch-f32"; }

    void build(const Matrix<float> &rows) override {
        reserve(rows.rows);
        for (size_t i = 0; i < rows.rows; i++) add(i, rows.row(i));
    }

    void search(const Matrix<float> &queries, int64_t *found) override {
        for (size_t q = 0; q < queries.rows; q++) search_one(queries.row(q), found + q * task_.k);
    }
};

// Codes of 8 bits that we make: usearch's own cast divides by the norm of each vector, which breaks L2, and leaves few of the 255
// levels to each element of a long vector. Here the range of all elements is spread over the levels, about the middle under L2, where
// moving everything changes no distance.
class I8Index : public UsearchIndex {
public:
    explicit I8Index(const Task &task) : UsearchIndex(task, scalar_kind_t::i8_k) {}

    std::string name() const override { return "usearch-i8"; }

    void build(const Matrix<float> &rows) override {
        const auto bounds = std::minmax_element(rows.data.begin(), rows.data.end());
        const float least = *bounds.first, most = *bounds.second;
        middle_ = task_.metric == Metric::L2 ? (least + most) / 2 : 0;
        scale_ = 127 / std::max(most - middle_, middle_ - least);
        reserve(rows.rows);
        std::vector<int8_t> codes(rows.dim);
        for (size_t i = 0; i < rows.rows; i++) {
            encode(rows.row(i), codes);
            add(i, codes.data());
        }
    }

    void save(const std::string &file) const override {
        UsearchIndex::save(file);
        std::ofstream(file + ".scale") << std::hexfloat << middle_ << ' ' << scale_ << '\n';
    }

    void load(const std::string &file) override {
        UsearchIndex::load(file);
        std::string middle, scale;
        std::ifstream(file + ".scale") >> middle >> scale;
        middle_ = std::stof(middle);
        scale_ = std::stof(scale);
    }

    void search(const Matrix<float> &queries, int64_t *found) override {
        std::vector<int8_t> codes(queries.dim);
        for (size_t q = 0; q < queries.rows; q++) {
            encode(queries.row(q), codes);
            search_one(codes.data(), found + q * task_.k);
        }
    }

private:
    void encode(const float *vector, std::vector<int8_t> &codes) const {
        for (size_t j = 0; j < codes.size(); j++)
            codes[j] = static_cast<int8_t>(std::min(127.0f, std::max(-127.0f, std::nearbyint((vector[j] - middle_) * scale_))));
    }

    float middle_ = 0, scale_ = 1;
};

std::unique_ptr<Index> make(const Options &options, const Task &task) {
    const std::string kind = options.text("kind");
    if (kind == "usearch-f32") return std::unique_ptr<Index>(new F32Index(task));
    if (kind == "usearch-i8") return std::unique_ptr<Index>(new I8Index(task));
    throw std::runtime_error("--kind is usearch-f32 or usearch-i8");
}

} // namespace

int main(int argc, char **argv) { return contend(argc, argv, VERSION, make); }
