// FAISS as three contenders, chosen by --kind: faiss-hnsw-flat, faiss-hnsw-sq8, faiss-ivfpq-fs.
#include "../common/contender.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexRefine.h>
#include <faiss/index_io.h>

#include <omp.h>

namespace {

faiss::MetricType metric_of(const Task &task) {
    return task.metric == Metric::L2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT;
}

// HNSW over any storage. All queries go in one call: FAISS allocates and clears a byte for each vector in every call, which would
// otherwise be paid by each query.
class HnswIndex : public Index {
public:
    HnswIndex(std::string kind, const Task &task) : kind_(std::move(kind)), task_(task) {
        const int dim = static_cast<int>(task.dim), m = static_cast<int>(task.m);
        if (kind_ == "faiss-hnsw-flat") index_.reset(new faiss::IndexHNSWFlat(dim, m, metric_of(task)));
        else index_.reset(new faiss::IndexHNSWSQ(dim, faiss::ScalarQuantizer::QT_8bit, m, metric_of(task)));
        index_->hnsw.efConstruction = static_cast<int>(task.efc);
    }

    void build(const Matrix<float> &rows) override {
        index_->train(static_cast<faiss::Index::idx_t>(rows.rows), rows.data.data());
        index_->add(static_cast<faiss::Index::idx_t>(rows.rows), rows.data.data());
    }

    void save(const std::string &file) const override { faiss::write_index(index_.get(), file.c_str()); }

    void load(const std::string &file) override { index_.reset(dynamic_cast<faiss::IndexHNSW *>(faiss::read_index(file.c_str()))); }

    std::string name() const override { return kind_; }

    std::string params() const override { return "M=" + std::to_string(task_.m) + " efC=" + std::to_string(task_.efc); }

    double bytes_per_vector() const override {
        const faiss::HNSW &graph = index_->hnsw;
        const double links = static_cast<double>(graph.neighbors.size()) * sizeof(graph.neighbors[0]) +
                             static_cast<double>(graph.offsets.size()) * sizeof(graph.offsets[0]) +
                             static_cast<double>(graph.levels.size()) * sizeof(graph.levels[0]);
        return static_cast<double>(index_->storage->sa_code_size()) + links / static_cast<double>(index_->ntotal);
    }

    std::string set_effort(size_t ef) override {
        index_->hnsw.efSearch = static_cast<int>(ef);
        return "ef=" + std::to_string(ef);
    }

    void search(const Matrix<float> &queries, int64_t *found) override {
        std::vector<float> scores(queries.rows * task_.k);
        index_->search(static_cast<faiss::Index::idx_t>(queries.rows), queries.data.data(), static_cast<faiss::Index::idx_t>(task_.k),
                       scores.data(), found);
    }

private:
    std::string kind_;
    Task task_;
    std::unique_ptr<faiss::IndexHNSW> index_;
};

// Inverted lists of 4-bit product codes, scanned in registers; the best are ordered again by the full vectors. Queries go one by one,
// as they come to a server.
class IvfPqIndex : public Index {
public:
    explicit IvfPqIndex(const Task &task) : task_(task) {}

    void build(const Matrix<float> &rows) override {
        const auto count = static_cast<faiss::Index::idx_t>(rows.rows);
        const size_t lists = static_cast<size_t>(4 * std::sqrt(static_cast<double>(rows.rows)));
        // Two dimensions a code where that keeps the tables small, else four.
        const size_t codes = task_.dim <= 256 ? task_.dim / 2 : task_.dim / 4;
        auto *quantizer = new faiss::IndexFlat(static_cast<faiss::Index::idx_t>(task_.dim), metric_of(task_));
        auto *inverted = new faiss::IndexIVFPQFastScan(quantizer, task_.dim, lists, codes, 4, metric_of(task_));
        inverted->own_fields = true;
        inverted->cp.niter = 10;
        inverted->cp.max_points_per_centroid = 64;
        index_.reset(new faiss::IndexRefineFlat(inverted));
        index_->own_fields = true;
        index_->train(count, rows.data.data());
        index_->add(count, rows.data.data());
    }

    void save(const std::string &file) const override { faiss::write_index(index_.get(), file.c_str()); }

    void load(const std::string &file) override {
        index_.reset(dynamic_cast<faiss::IndexRefineFlat *>(faiss::read_index(file.c_str())));
    }

    std::string name() const override { return "faiss-ivfpq-fs"; }

    std::string params() const override {
        return "nlist=" + std::to_string(inverted().nlist) + " codes=" + std::to_string(inverted().pq.M) + "x4bit";
    }

    double bytes_per_vector() const override {
        const double centroids = static_cast<double>(inverted().nlist * task_.dim * sizeof(float)) / static_cast<double>(index_->ntotal);
        return static_cast<double>(inverted().code_size + sizeof(int64_t) + task_.dim * sizeof(float)) + centroids;
    }

    // How many of the lists, and how many candidates to order again for each result: both grow with the effort.
    std::string set_effort(size_t ef) override {
        const size_t probes = std::max<size_t>(1, ef / 4), candidates = std::max<size_t>(2 * task_.k, ef);
        inverted().nprobe = probes;
        index_->k_factor = static_cast<float>(candidates) / static_cast<float>(task_.k);
        return "nprobe=" + std::to_string(probes) + " refine=" + std::to_string(candidates);
    }

    void search(const Matrix<float> &queries, int64_t *found) override {
        std::vector<float> scores(task_.k);
        for (size_t q = 0; q < queries.rows; q++)
            index_->search(1, queries.row(q), static_cast<faiss::Index::idx_t>(task_.k), scores.data(), found + q * task_.k);
    }

private:
    faiss::IndexIVFPQFastScan &inverted() const { return *static_cast<faiss::IndexIVFPQFastScan *>(index_->base_index); }

    Task task_;
    std::unique_ptr<faiss::IndexRefineFlat> index_;
};

std::unique_ptr<Index> make(const Options &options, const Task &task) {
    const std::string kind = options.text("kind");
    if (kind == "faiss-ivfpq-fs") return std::unique_ptr<Index>(new IvfPqIndex(task));
    if (kind == "faiss-hnsw-flat" || kind == "faiss-hnsw-sq8") return std::unique_ptr<Index>(new HnswIndex(kind, task));
    throw std::runtime_error("--kind is faiss-hnsw-flat, faiss-hnsw-sq8 or faiss-ivfpq-fs");
}

} // namespace

int main(int argc, char **argv) {
    omp_set_num_threads(1);
    return contend(argc, argv, VERSION, make);
}
