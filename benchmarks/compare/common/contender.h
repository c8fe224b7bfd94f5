// What every contender in C++ shares: options, the protocol of ../README.md, clocks, recall. A contender implements Index.
#pragma once

#include "vecs.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <iostream>
#include <malloc.h>
#include <map>
#include <memory>
#include <sstream>
#include <time.h>

enum class Metric { L2, InnerProduct, Cosine };

// What an index is made for. Under Cosine rows and queries come normalised, so that it may be taken for InnerProduct.
struct Task {
    Metric metric;
    size_t dim, m, efc, k;
};

class Index {
public:
    virtual ~Index() = default;

    virtual void build(const Matrix<float> &rows) = 0;
    virtual void save(const std::string &file) const = 0;
    virtual void load(const std::string &file) = 0;

    virtual std::string name() const = 0;
    virtual std::string params() const = 0;

    // Whatever is held for each vector: rows, links, arrays by element.
    virtual double bytes_per_vector() const = 0;

    // Says what it made of the effort, such as "ef=64".
    virtual std::string set_effort(size_t ef) = 0;

    // k identifiers a query, best first, -1 where there is none.
    virtual void search(const Matrix<float> &queries, int64_t *found) = 0;
};

// Of the whole process, so that a library cannot hide work in threads.
inline double cpu_seconds() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

class Options {
public:
    Options(int argc, char **argv) {
        for (int i = 1; i < argc; i += 2) {
            const std::string name = argv[i];
            if (name.rfind("--", 0) != 0 || i + 1 >= argc) throw std::runtime_error("expected --name value, got " + name);
            values_[name.substr(2)] = argv[i + 1];
        }
    }

    std::string text(const std::string &name, const std::string &otherwise) const {
        const auto it = values_.find(name);
        return it == values_.end() ? otherwise : it->second;
    }

    std::string text(const std::string &name) const {
        const auto it = values_.find(name);
        if (it == values_.end()) throw std::runtime_error("--" + name + " is missing");
        return it->second;
    }

    size_t number(const std::string &name, size_t otherwise) const {
        const auto it = values_.find(name);
        return it == values_.end() ? otherwise : std::stoul(it->second);
    }

    Metric metric() const {
        const std::string name = text("metric");
        if (name == "l2") return Metric::L2;
        if (name == "ip") return Metric::InnerProduct;
        if (name == "cosine") return Metric::Cosine;
        throw std::runtime_error("--metric is l2, ip or cosine");
    }

private:
    std::map<std::string, std::string> values_;
};

// The right answers: a result is right when its true score is no worse than the k-th, so that ties count as far as the truth reaches.
class Truth {
public:
    Truth(const Options &options, Metric metric, size_t k)
        : metric_(metric), k_(k), ids_(read_ivecs(options.text("gt"))), scores_(read_vectors(options.text("gt-scores"))) {
        if (ids_.dim < k || scores_.dim != ids_.dim || scores_.rows != ids_.rows)
            throw std::runtime_error("the ground truth is not k deep, or its scores have another shape");
    }

    double recall(const std::vector<int64_t> &found) const {
        size_t right = 0;
        for (size_t q = 0; q < ids_.rows; q++) {
            const int64_t *results = found.data() + q * k_;
            for (size_t i = 0; i < k_; i++)
                if (std::find(results, results + i, results[i]) == results + i && is_right(q, results[i])) right++;
        }
        return static_cast<double>(right) / static_cast<double>(ids_.rows * k_);
    }

private:
    bool is_right(size_t query, int64_t id) const {
        const int32_t *ids = ids_.row(query), *end = ids + ids_.dim, *at = std::find(ids, end, id);
        if (at == end) return false;
        const double score = scores_.row(query)[at - ids], worst = scores_.row(query)[k_ - 1];
        return at < ids + k_ || (metric_ == Metric::L2 ? score <= worst : score >= worst - 1e-6);
    }

    Metric metric_;
    size_t k_;
    Matrix<int32_t> ids_;
    Matrix<float> scores_;
};

inline void normalise(Matrix<float> &m) {
    for (size_t i = 0; i < m.rows; i++) {
        float *row = m.data.data() + i * m.dim;
        double sum = 0;
        for (size_t j = 0; j < m.dim; j++) sum += static_cast<double>(row[j]) * row[j];
        const float scale = static_cast<float>(1.0 / std::sqrt(sum));
        for (size_t j = 0; j < m.dim; j++) row[j] *= scale;
    }
}

struct Round {
    std::string effort;
    double recall, cpu_us, qps;
};

class Contender {
public:
    using Factory = std::function<std::unique_ptr<Index>(const Options &, const Task &)>;

    Contender(const Options &options, const Factory &make)
        : metric_(options.metric()), k_(options.number("k", 10)), queries_(read_vectors(options.text("query"))),
          truth_(options, metric_, k_) {
        if (metric_ == Metric::Cosine) normalise(queries_);
        index_ = make(options, Task{metric_, queries_.dim, options.number("m", 16), options.number("efc", 200), k_});
        build_or_load(options.text("base"), options.text("index", ""));
        // From here on the peak is that of answering: the raw rows are gone.
        malloc_trim(0);
        std::ofstream("/proc/self/clear_refs") << "5";
    }

    void print_ready(const std::string &version) const {
        std::printf("{\"ready\":true,\"contender\":\"%s\",\"version\":\"%s\",\"n\":%zu,\"dim\":%zu,\"queries\":%zu,\"params\":\"%s\","
                    "\"build_cpu_s\":%.3f,\"bytes_per_vector\":%.1f}\n",
                    index_->name().c_str(), version.c_str(), rows_, queries_.dim, queries_.rows, index_->params().c_str(), build_cpu_s_,
                    index_->bytes_per_vector());
        std::fflush(stdout);
    }

    Round run(size_t ef) {
        std::string effort = index_->set_effort(std::max(ef, k_));
        std::vector<int64_t> found(queries_.rows * k_, -1);
        const auto wall = std::chrono::steady_clock::now();
        const double cpu = cpu_seconds();
        index_->search(queries_, found.data());
        const double cpu_s = cpu_seconds() - cpu;
        const double wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count();
        const double queries = static_cast<double>(queries_.rows);
        return {std::move(effort), truth_.recall(found), cpu_s * 1e6 / queries, queries / wall_s};
    }

private:
    void build_or_load(const std::string &base, const std::string &file) {
        if (!file.empty() && std::ifstream(file) && std::ifstream(file + ".build")) {
            index_->load(file);
            std::ifstream(file + ".build") >> build_cpu_s_ >> rows_;
            return;
        }
        Matrix<float> rows = read_vectors(base);
        if (metric_ == Metric::Cosine) normalise(rows);
        const double start = cpu_seconds();
        index_->build(rows);
        build_cpu_s_ = cpu_seconds() - start;
        rows_ = rows.rows;
        if (!file.empty()) {
            index_->save(file);
            std::ofstream(file + ".build") << build_cpu_s_ << ' ' << rows_ << '\n';
        }
    }

    Metric metric_;
    size_t k_, rows_ = 0;
    Matrix<float> queries_;
    Truth truth_;
    std::unique_ptr<Index> index_;
    double build_cpu_s_ = 0;
};

inline size_t peak_rss_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind("VmHWM:", 0) == 0) return std::stoul(line.substr(6)) * 1024;
    return 0;
}

inline void print_round(size_t ef, const Round &r) {
    std::printf("{\"ef\":%zu,\"effort\":\"%s\",\"recall\":%.5f,\"cpu_us_per_query\":%.3f,\"qps\":%.1f,\"peak_rss_bytes\":%zu}\n", ef,
                r.effort.c_str(), r.recall, r.cpu_us, r.qps, peak_rss_bytes());
    std::fflush(stdout);
}

inline double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const size_t n = values.size();
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

// Without a driver: every ef in turn, one warm-up round each, the median of the rest.
inline void run_list(Contender &contender, const std::string &list, size_t rounds) {
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
        print_round(ef, {r.effort, r.recall, median(cpu), median(qps)});
    }
}

inline void serve(Contender &contender) {
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

// The main of a contender.
inline int contend(int argc, char **argv, const std::string &version, const Contender::Factory &make) {
    try {
        const Options options(argc, argv);
        Contender contender(options, make);
        contender.print_ready(version);
        const std::string list = options.text("ef", "");
        if (list.empty()) serve(contender);
        else run_list(contender, list, options.number("rounds", 5));
        return 0;
    } catch (const std::exception &e) {
        std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
        return 1;
    }
}
