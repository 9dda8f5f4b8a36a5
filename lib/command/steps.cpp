#include "command/steps.h"

namespace dlpx {

Output describeSteps(const std::string& command, const StepList& steps) {
  Output output;
  output.json = {{"dryRun", true}, {"command", command}, {"steps", Json::array()}};
  output.text = command + (steps.empty() ? " would do nothing: all is as asked for\n" : " would:\n");
  for (size_t i = 0; i < steps.size(); ++i) {
    output.json["steps"].push_back({{"step", steps[i].name}, {"what", steps[i].what}});
    output.text += std::to_string(i + 1) + ". " + steps[i].name + ": " + steps[i].what + "\n";
  }
  return output;
}

}  // namespace dlpx
