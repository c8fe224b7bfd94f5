// hnswlib as a contender: builds or loads an index, then runs rounds. The protocol is in ../README.md.
#include "vecs.h"

#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <time.h>

namespace {

double thread_cpu_seconds() {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

enum class Metric { L2, InnerProduct, Cosine };

struct Options {
    std::map<std::string, std::string> values;

    Options(int argc, char **argv) {
        for (int i = 1; i < argc; i += 2) {
            const std::string name = argv[i];
            if (name.rfind("--", 0) != 0 || i + 1 >= argc) throw std::runtime_error("expected --name value, got " + name);
            values[name.substr(2)] = argv[i + 1];
        }
    }

    std::string text(const std::string &name, const std::string &otherwise) const {
        const auto it = values.find(name);
        return it == values.end() ? otherwise : it->second;
    }

    std::string text(const std::string &name) const {
        const auto it = values.find(name);
        if (it == values.end()) throw std::runtime_error("--" + name + " is missing");
        return it->second;
    }

    size_t number(const std::string &name, size_t otherwise) const {
        const auto it = values.find(name);
        return it == values.end() ? otherwise : std::stoul(it->second);
    }
};

Metric parse_metric(const std::string &name) {
    if (name == "l2") return Metric::L2;
    if (name == "ip") return Metric::InnerProduct;
    if (name == "cosine") return Metric::Cosine;
    throw std::runtime_error("--metric is l2, ip or cosine");
}

void normalise(Matrix<float> &m) {
    for (size_t i = 0; i < m.rows; i++) {
        float *row = m.data.data() + i * m.dim;
        double sum = 0;
        for (size_t j = 0; j < m.dim; j++) sum += static_cast<double>(row[j]) * row[j];
        const float scale = static_cast<float>(1.0 / std::sqrt(sum));
        for (size_t j = 0; j < m.dim; j++) row[j] *= scale;
    }
}

// The score the ground truth uses, in double: squared distance, inner product or cosine similarity.
double true_score(Metric metric, const float *a, const float *b, size_t dim) {
    double dot = 0, aa = 0, bb = 0, l2 = 0;
    for (size_t j = 0; j < dim; j++) {
        const double x = a[j], y = b[j];
        dot += x * y;
        aa += x * x;
        bb += y * y;
        l2 += (x - y) * (x - y);
    }
    if (metric == Metric::L2) return l2;
    return metric == Metric::InnerProduct ? dot : dot / std::sqrt(aa * bb);
}

struct Round {
    double recall, cpu_us, qps;
};

class Contender {
public:
    explicit Contender(const Options &o)
        : metric_(parse_metric(o.text("metric"))), k_(o.number("k", 10)), m_(o.number("m", 16)), efc_(o.number("efc", 200)),
          base_(read_vectors(o.text("base"))), query_(read_vectors(o.text("query"))), truth_(read_ivecs(o.text("gt"))),
          truth_scores_(read_vectors(o.text("gt-scores"))) {
        if (metric_ == Metric::L2) space_.reset(new hnswlib::L2Space(base_.dim));
        else space_.reset(new hnswlib::InnerProductSpace(base_.dim));
        indexed_queries_ = query_;
        if (metric_ == Metric::Cosine) normalise(indexed_queries_);
        open(o.text("index", ""));
    }

    void print_ready() const {
        std::printf("{\"ready\":true,\"contender\":\"hnswlib\",\"n\":%zu,\"dim\":%zu,\"queries\":%zu,\"params\":\"M=%zu efC=%zu k=%zu\","
                    "\"build_cpu_s\":%.3f,\"bytes_per_vector\":%.1f}\n",
                    base_.rows, base_.dim, query_.rows, m_, efc_, k_, build_cpu_s_, bytes_per_vector());
        std::fflush(stdout);
    }

    Round run(size_t ef) {
        index_->setEf(std::max(ef, k_));
        std::vector<hnswlib::labeltype> found(query_.rows * k_, static_cast<hnswlib::labeltype>(-1));
        const auto wall = std::chrono::steady_clock::now();
        const double cpu = thread_cpu_seconds();
        for (size_t q = 0; q < query_.rows; q++) {
            auto heap = index_->searchKnn(indexed_queries_.row(q), k_);
            // The worst comes off first: fill from the back so that the answer is best first.
            for (size_t i = heap.size(); i-- > 0; heap.pop()) found[q * k_ + i] = heap.top().second;
        }
        const double cpu_s = thread_cpu_seconds() - cpu;
        const double wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count();
        const double queries = static_cast<double>(query_.rows);
        return {recall(found), cpu_s * 1e6 / queries, queries / wall_s};
    }

private:
    void open(const std::string &file) {
        if (!file.empty() && std::ifstream(file) && std::ifstream(file + ".build")) {
            index_.reset(new hnswlib::HierarchicalNSW<float>(space_.get(), file));
            std::ifstream(file + ".build") >> build_cpu_s_;
            return;
        }
        Matrix<float> rows = base_;
        if (metric_ == Metric::Cosine) normalise(rows);
        const double start = thread_cpu_seconds();
        index_.reset(new hnswlib::HierarchicalNSW<float>(space_.get(), rows.rows, m_, efc_));
        for (size_t i = 0; i < rows.rows; i++) index_->addPoint(rows.row(i), i);
        build_cpu_s_ = thread_cpu_seconds() - start;
        if (!file.empty()) {
            index_->saveIndex(file);
            std::ofstream(file + ".build") << build_cpu_s_ << '\n';
        }
    }

    // Rows, links and the arrays indexed by element; not the label map, the visited lists nor the locks.
    double bytes_per_vector() const {
        size_t upper = 0;
        for (size_t i = 0; i < base_.rows; i++) upper += static_cast<size_t>(index_->element_levels_[i]) * index_->size_links_per_element_;
        return static_cast<double>(index_->size_data_per_element_ + sizeof(void *) + sizeof(int)) +
               static_cast<double>(upper) / static_cast<double>(base_.rows);
    }

    // A returned id is right when its true score is no worse than the k-th true score, so that ties count.
    double recall(const std::vector<hnswlib::labeltype> &found) const {
        size_t right = 0;
        for (size_t q = 0; q < query_.rows; q++) {
            const double kth = truth_scores_.row(q)[k_ - 1];
            const int32_t *truth = truth_.row(q);
            for (size_t i = 0; i < k_; i++) {
                const auto id = found[q * k_ + i];
                if (id >= base_.rows) continue;
                if (std::find(truth, truth + k_, static_cast<int32_t>(id)) != truth + k_) {
                    right++;
                    continue;
                }
                const double score = true_score(metric_, query_.row(q), base_.row(id), base_.dim);
                if (metric_ == Metric::L2 ? score <= kth : score >= kth - 1e-6) right++;
            }
        }
        return static_cast<double>(right) / static_cast<double>(query_.rows * k_);
    }

    Metric metric_;
    size_t k_, m_, efc_;
    Matrix<float> base_, query_;
    Matrix<int32_t> truth_;
    Matrix<float> truth_scores_;
    Matrix<float> indexed_queries_;
    double build_cpu_s_ = 0;
    std::unique_ptr<hnswlib::SpaceInterface<float>> space_;
    std::unique_ptr<hnswlib::HierarchicalNSW<float>> index_;
};

void print_round(size_t ef, const Round &r) {
    std::printf("{\"ef\":%zu,\"recall\":%.5f,\"cpu_us_per_query\":%.3f,\"qps\":%.1f}\n", ef, r.recall, r.cpu_us, r.qps);
    std::fflush(stdout);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const size_t n = values.size();
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

// Without a driver: every ef in turn, one warm-up round each, the median of the rest.
void run_list(Contender &contender, const std::string &list, size_t rounds) {
    std::istringstream efs(list);
    for (std::string token; std::getline(efs, token, ',');) {
        const size_t ef = std::stoul(token);
        contender.run(ef);
        std::vector<double> cpu, qps;
        Round r{};
        for (size_t i = 0; i < rounds; i++) {
            r = contender.run(ef);
            cpu.push_back(r.cpu_us);
            qps.push_back(r.qps);
        }
        print_round(ef, {r.recall, median(cpu), median(qps)});
    }
}

void serve(Contender &contender) {
    std::string line;
    while (std::getline(std::cin, line)) {
        std::istringstream words(line);
        std::string verb;
        size_t ef = 0;
        words >> verb >> ef;
        if (verb == "quit") return;
        if (verb != "run" || ef == 0) throw std::runtime_error("expected 'run EF' or 'quit', got '" + line + "'");
        print_round(ef, contender.run(ef));
    }
}

} // namespace

int main(int argc, char **argv) {
    try {
        const Options options(argc, argv);
        Contender contender(options);
        contender.print_ready();
        const std::string list = options.text("ef", "");
        if (list.empty()) serve(contender);
        else run_list(contender, list, options.number("rounds", 5));
        return 0;
    } catch (const std::exception &e) {
        std::fprintf(stderr, "hnswlib contender: %s\n", e.what());
        return 1;
    }
}
