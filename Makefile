# The front door. Every target sets up what it needs: Node, npm and make are all that must be here. `make` alone lists them.
#
#   make rolling-upgrade FROM=v4 TO=v5 ORDER=3,1,2
#   make rolling-upgrade DAEMON=./thing.yaml
#   make matrix DAEMON=./thing.yaml REPEAT=3
#
# Variables of rolling-upgrade and deadlock: DAEMON FROM TO ORDER MEMBERS WAKEUPS AHEAD WAIT PACE RUNTIME DATABASE, and
# STRATEGY of the first; `npm run rig -- roll --help` explains them. Those of matrix are in its line below, and in its --help.
#
# make ends with 2 whatever a recipe ended with, and says which that was: "Error 1" is a verdict that does not hold or is
# unknown, "Error 2" bad input, "Error 3" an environment that failed. Scripts that look at the code call `npm run rig --`.

.DEFAULT_GOAL := help
.PHONY: help rolling-upgrade deadlock matrix picture incus lxd lost-notice images test check bench clean doctor schemas

RIG := npm run --silent rig --

flag = $(if $($(1)),--$(2) $($(1)))
SHARED := $(call flag,DAEMON,daemon) $(call flag,FROM,from) $(call flag,TO,to) $(call flag,ORDER,order) \
          $(call flag,MEMBERS,members) $(call flag,WAKEUPS,wakeups) $(call flag,AHEAD,ahead) $(call flag,WAIT,wait) $(call flag,PACE,pace) \
          $(call flag,RUNTIME,runtime) $(call flag,DATABASE,database)

# The pinned Node and all libraries, exactly as the lock file says.
SET_UP := node_modules/.package-lock.json
$(SET_UP): package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

rolling-upgrade: $(SET_UP) ## roll a cluster of three, v1 to v2, and say what opened each member
	@$(RIG) roll $(SHARED) $(call flag,STRATEGY,strategy)

deadlock: $(SET_UP) ## the same roll with split notification off and on, side by side (takes a 30 s timer)
	@$(RIG) diff --toggle split-notification $(SHARED)

matrix: $(SET_UP) ## roll every pair of versions in every order, several at once: MATRIX=FILE JOBS=4 PAIRS=v1-v2,v4-v5 REPEAT=3
	@$(RIG) matrix $(MATRIX) $(call flag,DAEMON,daemon) $(call flag,PAIRS,pairs) $(call flag,ORDER,order) $(call flag,STRATEGY,strategy) \
	  $(call flag,WAKEUPS,wakeups) $(call flag,DATABASE,database) $(call flag,MEMBERS,members) $(call flag,WAIT,wait) \
	  $(call flag,RUNTIME,runtime) $(call flag,PACE,pace) $(call flag,REPEAT,repeat) $(call flag,JOBS,jobs)

picture: $(SET_UP) ## make the README's picture anew (takes a 30 s timer, and needs Chromium)
	@$(RIG) diff --toggle split-notification --runtime process --order 1,2,3
	node_modules/.bin/node docs/picture.ts runs/latest/comparison.html docs/deadlock.png

incus: $(SET_UP) ## roll real Incus, 6.0 to 7.0, as Debian packages it (needs root and mmdebstrap; the first time, minutes)
	@$(RIG) roll --daemon incus $(call flag,RUNTIME,runtime) $(call flag,FROM,from) $(call flag,TO,to) $(call flag,ORDER,order)

lxd: $(SET_UP) ## the same with LXD, a step that raises the API extensions alone
	@$(RIG) roll --daemon lxd $(call flag,RUNTIME,runtime) $(call flag,FROM,from) $(call flag,TO,to) $(call flag,ORDER,order)

lost-notice: $(SET_UP) ## have one notice come too early, on the network, and see if it is lost: DAEMON=incus (lxd; ours) TIMES=5
	@$(RIG) lost-notice $(call flag,DAEMON,daemon) $(call flag,RUNTIME,runtime) $(call flag,FROM,from) $(call flag,TO,to) $(call flag,WAIT,wait) $(call flag,TIMES,times)

images: $(SET_UP) ## build the images of all versions (needs a Docker engine)
	@$(RIG) images

schemas: $(SET_UP) ## make the JSON Schemas of our YAML files anew, for editors, and the reference of their keys
	@for name in scenario matrix version patch description records; do \
	  $(RIG) schema $$name > schemas/$$name.schema.json || exit 1; done
	@node_modules/.bin/biome format --write schemas
	@node_modules/.bin/node docs/keys.ts

test: $(SET_UP) ## pass the checks and the tests; tests of containers need a Docker engine
	npm run --silent check
	npm test

check: $(SET_UP) ## types, format and lint
	npm run --silent check

bench: $(SET_UP) ## measure: ratios within one run, and memory
	npm run --silent bench

doctor: $(SET_UP) ## say what is here, what each is needed for, and how to get it
	@$(RIG) doctor

clean: ## remove what was built, and what killed rigs left behind
	@if [ -e $(SET_UP) ]; then $(RIG) doctor --clean --images; fi
	rm -rf build runs artifacts
