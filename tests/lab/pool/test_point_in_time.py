"""The store of PostgreSQL goes back to a moment: the commands of operation.md, before and after somebody removes the wrong user."""
import json
import os
import shutil

from database import DatabaseLab, needs_postgres
from proc import wait_for

pytestmark = needs_postgres


def certificates(lab):
    return json.loads(lab.admin("cert", "list", "alice@contoso.test", "--json").stdout)["items"]


def test_back_to_a_moment():
    """A certificate that was published after the base backup is there again, and what was done behind that moment is not."""
    with DatabaseLab(disk="1g") as lab:
        lab.make_site()
        db = lab.db
        os.mkdir(db.path("wal"))
        shutil.chown(db.path("wal"), "postgres", "postgres")
        db.sql("ALTER SYSTEM SET archive_mode = on")
        db.sql(f"ALTER SYSTEM SET archive_command = 'test ! -f {db.path('wal')}/%f && cp %p {db.path('wal')}/%f'")
        lab.stop(db.server)
        db.start()
        db.run("pg_basebackup", "-h", db.dir, "-U", "dialtone", "-D", "base", "-c", "fast")
        lab.start_dialtoned()
        assert lab.phone("--cold").status == 0
        known = certificates(lab)
        assert known
        lab.add_user("bob", "4412")
        moment = db.sql("SELECT clock_timestamp()")
        wait_for("the next second", lambda: db.sql(f"SELECT clock_timestamp() > '{moment}'::timestamptz + interval '1 second'") == "t", 10)
        lab.admin("user", "remove", "alice@contoso.test")
        assert lab.phone("--cold", state="again").status

        lab.stop_dialtoned()
        db.sql("SELECT pg_switch_wal()")
        wait_for("the log is archived", lambda: db.sql("SELECT last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 1) FROM pg_stat_archiver") == "t", 30)
        lab.stop(db.server)
        os.rename(db.path("data"), db.path("data.before"))
        os.rename(db.path("base"), db.path("data"))
        with open(db.path("data", "postgresql.auto.conf"), "a") as f:
            f.write(f"restore_command = 'cp {db.path('wal')}/%f %p'\nrecovery_target_time = '{moment}'\nrecovery_target_action = 'promote'\n")
        with open(db.path("data", "recovery.signal"), "w"):
            pass
        shutil.chown(db.path("data", "recovery.signal"), "postgres", "postgres")
        db.start()
        wait_for("it takes writes", lambda: db.sql("SELECT pg_is_in_recovery()") == "f", 30)
        lab.start_dialtoned()
        assert certificates(lab) == known
        assert lab.phone(way="stored").status == 0, "the phone has dial tone with the certificate that it has"
        assert lab.phone("--cold", state="bob", extension="4412").status == 0
