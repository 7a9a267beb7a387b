# A cluster of one node on loopback, everything it keeps in $slurm. Sourced by slurm.sh.
export SLURM_CONF=$slurm/slurm.conf

configure() {
    # Preempted and stopped jobs may start again after 30 seconds (cred_expire), and a queue is looked at every second.
    cat >"$SLURM_CONF" <<CONF
ClusterName=lpft
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$slurm/munge.socket,cred_expire=30
CryptoType=crypto/munge
CommunicationParameters=NoAddrCache
SlurmctldPort=16817
SlurmdPort=16818
SrunPortRange=60001-60100
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd.pid
SlurmctldLogFile=$slurm/slurmctld.log
SlurmdLogFile=$slurm/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=2,sched_min_interval=0,requeue_setup_env_fail
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
KillWait=20
MinJobAge=600
InactiveLimit=0
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1 GraceTime=20
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
CONF
}

start_munge() {
    (umask 077 && head -c 1024 /dev/urandom >"$slurm/munge.key")
    munged --force --key-file="$slurm/munge.key" --socket="$slurm/munge.socket" --pid-file="$slurm/munge.pid" \
        --log-file="$slurm/munge.log" --seed-file="$slurm/munge.seed"
}

start_controller() { # -c: as a new cluster; without it reads what it knew from its folder
    slurmctld "$@" 2>>"$slurm/controller.err" || { cat "$slurm/controller.err"; return 1; }
}

start_cluster() {
    configure
    start_munge
    start_controller -c
    slurmd
    for _ in $(seq 60); do
        [ "$(sinfo -h -p main -o %t 2>/dev/null)" = idle ] && { sinfo; return; }
        sleep 1
    done
    sinfo || true
    tail -5 "$slurm/slurmctld.log" "$slurm/slurmd.log"
    echo "FAIL: the cluster did not come up"
    return 1
}

stop_cluster() {
    scancel --me 2>/dev/null || true
    for daemon in slurmctld slurmd munge; do
        [ -s "$slurm/$daemon.pid" ] && kill "$(cat "$slurm/$daemon.pid")" 2>/dev/null || true
    done
}
