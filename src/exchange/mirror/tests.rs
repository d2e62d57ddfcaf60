//! Each write, sync and rename in a copy fails in turn: what is there is the log's, and the next run completes it. What is done to
//! the published files is tried from outside, in `tests/mirror`.

use super::super::layout::Folder;
use super::super::publish::tests::{Signed, copy};
use super::*;
use crate::ledger::quietly;
use crate::store::disk::faults::{Fault, arm};

#[test]
fn whatever_fails_in_a_copy_the_next_run_completes_it() {
    let mut signed = Signed::of(40);
    let folder = tempfile::tempdir().unwrap();
    let (public, begun) = (folder.path().join("public"), folder.path().join("copy"));
    signed.publish(&public).unwrap();
    let log = || Log::read(Folder(public.clone())).unwrap();
    log().begin(&begun, None, None, &mut quietly).unwrap();
    signed.grow(44);
    signed.publish(&public).unwrap();
    for (fault, lasting) in Fault::ALL.into_iter().flat_map(|fault| [(fault, false), (fault, true)]) {
        let mut calls = 0;
        for after in 0.. {
            let folder = tempfile::tempdir().unwrap();
            copy(&begun, folder.path());
            let armed = arm(folder.path(), after, fault, lasting);
            let followed = log().follow(folder.path(), None, None, &mut quietly);
            let met = armed.met();
            drop(armed);
            let what = format!("{fault:?} after {after} calls, {lasting}: {followed:?}");
            assert!(met || followed.is_ok(), "{what}");
            log()
                .follow(folder.path(), None, None, &mut quietly)
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            let copy = Ledger::open(folder.path(), &mut quietly).unwrap();
            assert_eq!(
                (copy.head(), copy.state()),
                (signed.desk.ledger.head(), signed.desk.ledger.state()),
                "{what}"
            );
            assert_eq!(copy.newest_checkpoint().unwrap().as_ref(), Some(log().signed()), "{what}");
            if !met {
                assert!(copy.verify(&mut quietly).unwrap().holds());
                break;
            }
            calls += 1;
        }
        assert!(calls >= if fault == Fault::Half { 3 } else { 8 }, "{calls} calls");
    }
}
