# An agent that says when it begins and when it ends: agent.sh STAMPS LABEL GATE
# GATE is a FIFO from which it takes one line before it goes on, or `-`.
echo "$2 begins" >"$1"
if [ "$3" != - ]; then read -r _ <"$3"; fi
echo done
echo "$2 ends" >"$1"
