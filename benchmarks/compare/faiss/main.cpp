// FAISS as four contenders, chosen by --kind: faiss-hnsw-flat, faiss-hnsw-sq8, faiss-hnsw-sq8-refine, faiss-ivfpq-fs.
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

// HNSW over float32, over 8-bit codes, or over codes with the best ordered again by the vectors. All queries go in one call: FAISS
// allocates and clears a byte for each vector in every call, which would otherwise be paid by each query.
class HnswIndex : public Index {
public:
    HnswIndex(std::string kind, const Task &task) : kind_(std::move(kind)), task_(task) {
        const int dim = static_cast<int>(task.dim), m = static_cast<int>(task.m);
        // On normalised vectors both metrics order alike; each storage gets the one it is better at.
        const bool flat = kind_ == "faiss-hnsw-flat";
        const bool inner = task.metric == Metric::InnerProduct || (task.metric == Metric::Cosine && flat);
        const faiss::MetricType metric = inner ? faiss::METRIC_INNER_PRODUCT : faiss::METRIC_L2;
        if (flat) graph_ = new faiss::IndexHNSWFlat(dim, m, metric);
        else graph_ = new faiss::IndexHNSWSQ(dim, faiss::ScalarQuantizer::QT_8bit, m, metric);
        graph_->hnsw.efConstruction = static_cast<int>(task.efc);
        index_.reset(graph_);
        if (kind_ == "faiss-hnsw-sq8-refine") {
            index_.release();
            refine_ = new faiss::IndexRefineFlat(graph_);
            refine_->own_fields = true;
            index_.reset(refine_);
        }
    }

    void build(const Matrix<float> &rows) override {
        index_->train(static_cast<faiss::Index::idx_t>(rows.rows), rows.data.data());
        index_->add(static_cast<faiss::Index::idx_t>(rows.rows), rows.data.data());
    }

    void save(const std::string &file) const override { faiss::write_index(index_.get(), file.c_str()); }

    void load(const std::string &file) override {
        index_.reset(faiss::read_index(file.c_str()));
        if (refine_ != nullptr) refine_ = static_cast<faiss::IndexRefineFlat *>(index_.get());
        graph_ = static_cast<faiss::IndexHNSW *>(refine_ != nullptr ? refine_->base_index : index_.get());
    }

    std::string name() const override { return kind_; }

    std::string params() const override { return "M=" + std::to_string(task_.m) + " efC=" + std::to_string(task_.efc); }

    double bytes_per_vector() const override {
        const faiss::HNSW &hnsw = graph_->hnsw;
        const double links = static_cast<double>(hnsw.neighbors.size()) * sizeof(hnsw.neighbors[0]) +
                             static_cast<double>(hnsw.offsets.size()) * sizeof(hnsw.offsets[0]) +
                             static_cast<double>(hnsw.levels.size()) * sizeof(hnsw.levels[0]);
        const size_t vectors = graph_->storage->sa_code_size() + (refine_ != nullptr ? task_.dim * sizeof(float) : 0);
        return static_cast<double>(vectors) + links / static_cast<double>(index_->ntotal);
    }

    std::string set_effort(size_t ef) override {
        graph_->hnsw.efSearch = static_cast<int>(ef);
        std::string effort = "ef=" + std::to_string(ef);
        if (refine_ != nullptr) {
            const size_t candidates = std::min(ef, std::max(2 * task_.k, task_.k + ef / 4));
            refine_->k_factor = static_cast<float>(candidates) / static_cast<float>(task_.k);
            effort += " refine=" + std::to_string(candidates);
        }
        return effort;
    }

    void search(const Matrix<float> &queries, int64_t *found) override {
        std::vector<float> scores(queries.rows * task_.k);
        index_->search(static_cast<faiss::Index::idx_t>(queries.rows), queries.data.data(), static_cast<faiss::Index::idx_t>(task_.k),
                       scores.data(), found);
    }

private:
    std::string kind_;
    Task task_;
    std::unique_ptr<faiss::Index> index_;
    faiss::IndexHNSW *graph_ = nullptr;
    faiss::IndexRefineFlat *refine_ = nullptr;
};

// Inverted lists of 4-bit product codes, scanned in registers; the best are ordered again by the full vectors. Queries go one by one,
// as they come to a server.
class IvfPqIndex : public Index {
public:
    explicit IvfPqIndex(const Task &task) : task_(task) {}

    void build(const Matrix<float> &rows) override {
        const auto count = static_cast<faiss::Index::idx_t>(rows.rows);
        // Of 500 to 1300 lists on 100,000 vectors these were the fastest at equal recall, with candidates as in set_effort.
        const size_t lists = static_cast<size_t>(1.6 * std::sqrt(static_cast<double>(rows.rows)));
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
        const size_t probes = std::min(inverted().nlist, ef / 2), candidates = 5 * task_.k + ef / 2;
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
    if (kind == "faiss-hnsw-flat" || kind == "faiss-hnsw-sq8" || kind == "faiss-hnsw-sq8-refine")
        return std::unique_ptr<Index>(new HnswIndex(kind, task));
    throw std::runtime_error("--kind is faiss-hnsw-flat, faiss-hnsw-sq8, faiss-hnsw-sq8-refine or faiss-ivfpq-fs");
}

} // namespace

int main(int argc, char **argv) {
    omp_set_num_threads(1);
    return contend(argc, argv, VERSION, make);
}
