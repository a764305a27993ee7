// Stand-in for libcublas.so.12: the functions that JCublas2 looks up and Limbic does not use. They answer "not supported".
#include "cublas_types.h"
#include "refused.h"

// clang-format off

// Each function has a twin with 64-bit sizes.
#define WIDE(name) LIMBIC_SIM_REFUSED(cublas##name##_64, limbicsim::CUBLAS_NOT_SUPPORTED)
#define ANY(name) LIMBIC_SIM_REFUSED(cublas##name, limbicsim::CUBLAS_NOT_SUPPORTED) WIDE(name)

// The letter is the type of the elements: single, double, complex, double complex.
#define REAL(name) ANY(S##name) ANY(D##name)
#define COMPLEX(name) ANY(C##name) ANY(Z##name)
#define EVERY(name) REAL(name) COMPLEX(name)

EVERY(axpy_v2) EVERY(copy_v2) EVERY(dgmm) EVERY(gbmv_v2) EVERY(geam) EVERY(gelsBatched) EVERY(gemmBatched)
EVERY(gemmStridedBatched) EVERY(gemvBatched) EVERY(gemvStridedBatched) EVERY(gemv_v2) EVERY(geqrfBatched)
EVERY(getrfBatched) EVERY(getriBatched) EVERY(getrsBatched) EVERY(matinvBatched) EVERY(rot_v2) EVERY(rotg_v2) EVERY(scal_v2)
EVERY(swap_v2) EVERY(symm_v2) EVERY(symv_v2) EVERY(syr2_v2) EVERY(syr2k_v2) EVERY(syr_v2) EVERY(syrk_v2) EVERY(syrkx)
EVERY(tbmv_v2) EVERY(tbsv_v2) EVERY(tpmv_v2) EVERY(tpsv_v2) EVERY(tpttr) EVERY(trmm_v2) EVERY(trmv_v2) EVERY(trsmBatched)
EVERY(trsm_v2) EVERY(trsv_v2) EVERY(trttp)

REAL(asum_v2) REAL(dot_v2) REAL(ger_v2) REAL(nrm2_v2) REAL(rotm_v2) REAL(rotmg_v2) REAL(sbmv_v2) REAL(spmv_v2) REAL(spr2_v2)
REAL(spr_v2)

COMPLEX(dotc_v2) COMPLEX(dotu_v2) COMPLEX(gemm3m) COMPLEX(gerc_v2) COMPLEX(geru_v2) COMPLEX(hbmv_v2) COMPLEX(hemm_v2)
COMPLEX(hemv_v2) COMPLEX(her2_v2) COMPLEX(her2k_v2) COMPLEX(her_v2) COMPLEX(herk_v2) COMPLEX(herkx) COMPLEX(hpmv_v2)
COMPLEX(hpr2_v2) COMPLEX(hpr_v2)

ANY(AsumEx) ANY(AxpyEx) ANY(Cgemm3mBatched) ANY(Cgemm3mEx) ANY(Cgemm3mStridedBatched) ANY(CgemmEx) ANY(Cgemm_v2)
ANY(Cherk3mEx) ANY(CherkEx) ANY(CopyEx) ANY(Csrot_v2) ANY(Csscal_v2) ANY(Csyrk3mEx) ANY(CsyrkEx) ANY(Dgemm_v2) ANY(DotEx)
ANY(DotcEx) ANY(Dzasum_v2) ANY(Dznrm2_v2) ANY(GemmBatchedEx) ANY(GetAtomicsMode) ANY(GetMatrix) ANY(GetMatrixAsync)
ANY(GetSmCountTarget) ANY(GetVector) ANY(GetVectorAsync) ANY(IamaxEx) ANY(IaminEx) ANY(Icamax_v2) ANY(Icamin_v2)
ANY(Idamax_v2) ANY(Idamin_v2) ANY(Isamax_v2) ANY(Isamin_v2) ANY(Izamax_v2) ANY(Izamin_v2) ANY(Nrm2Ex) ANY(RotEx) ANY(RotgEx)
ANY(RotmEx) ANY(RotmgEx) ANY(ScalEx) ANY(Scasum_v2) ANY(Scnrm2_v2) ANY(SetAtomicsMode) ANY(SetMatrix) ANY(SetMatrixAsync)
ANY(SetSmCountTarget) ANY(SetVector) ANY(SetVectorAsync) ANY(SgemmEx) ANY(SwapEx) ANY(Zdrot_v2) ANY(Zdscal_v2) ANY(Zgemm_v2)

// These exist with int sizes.
WIDE(GemmEx) WIDE(GemmStridedBatchedEx) WIDE(Sgemm_v2)

// clang-format on
