// hnswlib as a contender.
#include "../common/contender.h"

#include <hnswlib/hnswlib.h>

namespace {

class HnswlibIndex : public Index {
public:
    explicit HnswlibIndex(const Task &task) : task_(task) {
        if (task.metric == Metric::L2) space_.reset(new hnswlib::L2Space(task.dim));
        else space_.reset(new hnswlib::InnerProductSpace(task.dim));
    }

    void build(const Matrix<float> &rows) override {
        graph_.reset(new hnswlib::HierarchicalNSW<float>(space_.get(), rows.rows, task_.m, task_.efc));
        for (size_t i = 0; i < rows.rows; i++) graph_->addPoint(rows.row(i), i);
    }

    void save(const std::string &file) const override { graph_->saveIndex(file); }

    void load(const std::string &file) override { graph_.reset(new hnswlib::HierarchicalNSW<float>(space_.get(), file)); }

    std::string name() const override { return "hnswlib"; }

    std::string params() const override { return "M=" + std::to_string(task_.m) + " efC=" + std::to_string(task_.efc); }

    // Rows, links and the arrays indexed by element; not the label map, the visited lists nor the locks.
    double bytes_per_vector() const override {
        const size_t count = graph_->cur_element_count;
        size_t upper = 0;
        for (size_t i = 0; i < count; i++) upper += static_cast<size_t>(graph_->element_levels_[i]) * graph_->size_links_per_element_;
        return static_cast<double>(graph_->size_data_per_element_ + sizeof(void *) + sizeof(int)) +
               static_cast<double>(upper) / static_cast<double>(count);
    }

    std::string set_effort(size_t ef) override {
        graph_->setEf(ef);
        return "ef=" + std::to_string(ef);
    }

    void search(const Matrix<float> &queries, int64_t *found) override {
        for (size_t q = 0; q < queries.rows; q++) {
            auto heap = graph_->searchKnn(queries.row(q), task_.k);
            // The worst comes off first: fill from the back so that the answer is best first.
            for (size_t i = heap.size(); i-- > 0; heap.pop()) found[q * task_.k + i] = static_cast<int64_t>(heap.top().second);
        }
    }

private:
    Task task_;
    std::unique_ptr<hnswlib::SpaceInterface<float>> space_;
    std::unique_ptr<hnswlib::HierarchicalNSW<float>> graph_;
};

} // namespace

int main(int argc, char **argv) {
    return contend(argc, argv, VERSION, [](const Options &, const Task &task) { return std::unique_ptr<Index>(new HnswlibIndex(task)); });
}
